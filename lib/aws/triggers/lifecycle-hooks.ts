import {
  AutoScalingClient,
  AutoScalingServiceException,
  CompleteLifecycleActionCommand,
  type CompleteLifecycleActionCommandInput,
  DescribeLifecycleHooksCommand,
} from '@aws-sdk/client-auto-scaling';
import type { LifecycleAction, LifecycleHooks } from '../../core/triggers/lifecycle-hook.ts';
import { SHORT_TIMEOUTS } from '../calls/timeouts.ts';

// Hooks change rarely and by hand. A change takes effect when the cached heartbeat expires.
const KEPT_MS = 5 * 60_000;
const CACHE_SIZE = 1000;

/** Lifecycle hooks of Amazon EC2 Auto Scaling. @throws temporary errors, after the SDK's own retries */
export class AutoScalingHooks implements LifecycleHooks {
  readonly #client: AutoScalingClient;
  readonly #now: () => number;
  readonly #heartbeats = new Map<string, { readonly seconds: number | undefined; readonly untilMs: number }>();

  constructor(now: () => number, client: AutoScalingClient = new AutoScalingClient(SHORT_TIMEOUTS)) {
    this.#now = now;
    this.#client = client;
  }

  async heartbeatSeconds(group: string, hook: string): Promise<number | undefined> {
    const key = JSON.stringify([group, hook]);
    const known = this.#heartbeats.get(key);
    if (known && known.untilMs > this.#now()) return known.seconds;
    const command = new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group, LifecycleHookNames: [hook] });
    const { LifecycleHooks = [] } = await this.#client.send(command);
    const seconds = LifecycleHooks.find(({ LifecycleHookName }) => LifecycleHookName === hook)?.HeartbeatTimeout;
    if (this.#heartbeats.size >= CACHE_SIZE) this.#heartbeats.clear();
    this.#heartbeats.set(key, { seconds, untilMs: this.#now() + KEPT_MS });
    return seconds;
  }

  async complete(action: LifecycleAction): Promise<'completed' | 'over'> {
    const { token, instanceId } = action;
    if (token === undefined) return this.#complete(action, { InstanceId: instanceId });
    try {
      return await this.#complete(action, { LifecycleActionToken: token });
    } catch (error) {
      if (instanceId !== undefined && isTokenRefused(error)) return this.#complete(action, { InstanceId: instanceId });
      throw error;
    }
  }

  async #complete(
    { group, hook }: LifecycleAction,
    named: Pick<CompleteLifecycleActionCommandInput, 'InstanceId' | 'LifecycleActionToken'>,
  ): Promise<'completed' | 'over'> {
    try {
      await this.#client.send(
        new CompleteLifecycleActionCommand({
          AutoScalingGroupName: group,
          LifecycleHookName: hook,
          // ABANDON would also end the wait, but would skip the remaining hooks, which belong to others.
          LifecycleActionResult: 'CONTINUE',
          ...named,
        }),
      );
      return 'completed';
    } catch (error) {
      if (isOver(error)) return 'over';
      throw error;
    }
  }
}

const isInvalid = (error: unknown): error is AutoScalingServiceException =>
  error instanceof AutoScalingServiceException && error.name === 'ValidationError';

/** Whether the group had stopped waiting: the hook was completed or timed out, or instance or group are gone. */
const isOver = (error: unknown): boolean =>
  isInvalid(error) && /No active Lifecycle Action found|not found/i.test(error.message);

/** Whether the token is invalid: `Invalid lifecycle action token`. A token whose action is over causes another error. */
const isTokenRefused = (error: unknown): boolean => isInvalid(error) && /token/i.test(error.message);

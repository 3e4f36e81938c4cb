import type { SimulatedHost } from '../host/host.ts';
import { assertRunning, type Clock, stopper, unlessStopped } from '../simulation/clock.ts';
import type { Random } from '../simulation/random.ts';
import { AwsApiError, apiOf, membersOf } from './api.ts';
import type { EventFeed } from './event-feed.ts';
import { ApiMeter } from './meter.ts';

/** A lifecycle hook on the termination of a group's instances. */
export interface TerminateHook {
  readonly autoScalingGroup: string;
  readonly hookName: string;
  /** How long the instance waits for CompleteLifecycleAction, in seconds. */
  readonly heartbeatSeconds: number;
  /** The instance's destination. An instance that goes to a warm pool is stopped, not terminated. Default `EC2`. */
  readonly destination?: 'EC2' | 'WarmPool';
}

/** One instance's wait at a hook, from the lifecycle event to the end of the wait. */
export interface LifecycleAction {
  readonly token: string;
  readonly autoScalingGroup: string;
  readonly hookName: string;
  readonly instanceId: string;
  readonly startedAtMs: number;
  readonly heartbeatEndsAtMs: number;
  /** Absent while the instance waits. */
  readonly end?: {
    readonly atMs: number;
    /** `completion`: CompleteLifecycleAction was called. `reclaim`: Spot reclaimed the instance. */
    readonly by: 'completion' | 'heartbeat' | 'reclaim';
    readonly result: 'CONTINUE' | 'ABANDON';
  };
}

type Waiting = LifecycleAction & { end?: LifecycleAction['end'] };

/** A hook as DescribeLifecycleHooks returns it; times are in seconds. */
export interface DescribedHook {
  readonly AutoScalingGroupName: string;
  readonly LifecycleHookName: string;
  readonly LifecycleTransition: string;
  readonly HeartbeatTimeout: number;
  readonly GlobalTimeout: number;
  readonly DefaultResult: 'ABANDON';
}

/** AWS's default result of a terminate hook. */
const DEFAULT_RESULT = 'ABANDON';
const TERMINATING = 'autoscaling:EC2_INSTANCE_TERMINATING';
const LONGEST_WAIT_SECONDS = 172_800;

export interface AutoScalingOptions {
  readonly account: string;
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly feed: EventFeed;
  /** Aborts when the simulation ends. */
  readonly signal: AbortSignal;
}

/** EC2 Auto Scaling, limited to terminate hooks. */
export class SimulatedAutoScaling {
  private readonly hooks = new Map<string, TerminateHook>();
  private readonly all: Waiting[] = [];
  private readonly waits = new Map<Waiting, AbortController>();
  private readonly meter: ApiMeter;

  constructor(private readonly options: AutoScalingOptions) {
    const refusal = () => new AwsApiError('Throttling', 'Rate exceeded');
    this.meter = new ApiMeter({ clock: options.clock, refusal });
  }

  /** Answers the two operations below; any other throws an error that names it. */
  readonly api = apiOf('Auto Scaling', {
    CompleteLifecycleAction: (input) => this.completeLifecycleAction(input),
    DescribeLifecycleHooks: (input) => this.describeLifecycleHooks(input),
  });

  /** Number of calls per operation. */
  get calls(): ReadonlyMap<string, number> {
    return this.meter.calls;
  }

  /** Every wait at a hook so far, oldest first. */
  get actions(): readonly LifecycleAction[] {
    return this.all;
  }

  /** Refuses the next `times` calls of an operation with `Throttling`. */
  throttleNext(operation: string, times = 1): void {
    this.meter.throttleNext(operation, times);
  }

  /** Adds a hook to its group, or replaces the hook with the same name. */
  putHook(hook: TerminateHook): void {
    this.hooks.set(`${hook.autoScalingGroup}/${hook.hookName}`, hook);
  }

  /**
   * Sends the lifecycle event of an instance that is about to end, and waits until the action is completed or its
   * heartbeat ends.
   *
   * @param reclaimAtMs when Spot reclaims the instance even if the hook still waits, in epoch milliseconds
   * @throws {Stopped} when the simulation ends first
   */
  async hold(host: SimulatedHost, hook: TerminateHook, reclaimAtMs = Infinity): Promise<void> {
    const { clock, signal } = this.options;
    this.putHook(hook);
    const action = this.begin(host, hook);
    this.announce(action, hook);
    const stop = stopper();
    const abort = () => stop.abort();
    this.waits.set(action, stop);
    signal.addEventListener('abort', abort, { once: true });
    const untilMs = Math.min(action.heartbeatEndsAtMs, reclaimAtMs);
    await unlessStopped(clock.sleep(untilMs - clock.now(), stop.signal), stop.signal);
    signal.removeEventListener('abort', abort);
    this.waits.delete(action);
    assertRunning(signal);
    const by = reclaimAtMs < action.heartbeatEndsAtMs ? 'reclaim' : 'heartbeat';
    action.end ??= { atMs: clock.now(), by, result: DEFAULT_RESULT };
  }

  /** @throws {AwsApiError} `ValidationError` for a group without hooks */
  describeLifecycleHooks(input: unknown): { readonly LifecycleHooks: readonly DescribedHook[] } {
    const known = ['AutoScalingGroupName', 'LifecycleHookNames'] as const;
    const { AutoScalingGroupName, LifecycleHookNames } = membersOf('DescribeLifecycleHooks', input, known);
    this.meter.spend('DescribeLifecycleHooks', 'all');
    const ofGroup = [...this.hooks.values()].filter((hook) => hook.autoScalingGroup === AutoScalingGroupName);
    if (ofGroup.length === 0) throw invalid(`AutoScalingGroup name not found - ${AutoScalingGroupName}`);
    const asked = (name: string) => !Array.isArray(LifecycleHookNames) || LifecycleHookNames.includes(name);
    return { LifecycleHooks: ofGroup.filter(({ hookName }) => asked(hookName)).map(describedHook) };
  }

  /** Ends an instance's wait. @throws {AwsApiError} `ValidationError` if none waits, for example on a second call */
  completeLifecycleAction(input: unknown): Record<string, never> {
    const request = membersOf('CompleteLifecycleAction', input, [
      'AutoScalingGroupName',
      'InstanceId',
      'LifecycleActionResult',
      'LifecycleActionToken',
      'LifecycleHookName',
    ]);
    this.meter.spend('CompleteLifecycleAction', 'all');
    const { LifecycleActionResult: result, LifecycleActionToken: token, InstanceId: instanceId } = request;
    if (result !== 'CONTINUE' && result !== 'ABANDON') {
      throw invalid(`Lifecycle Action Result ${result} is not valid: CONTINUE or ABANDON`);
    }
    if (token === undefined && instanceId === undefined) {
      throw invalid('Either a lifecycle action token or an instance ID is required');
    }
    const [action, stop] =
      [...this.waits].find(
        ([{ autoScalingGroup, hookName, ...waiting }]) =>
          autoScalingGroup === request.AutoScalingGroupName &&
          hookName === request.LifecycleHookName &&
          (token === undefined ? waiting.instanceId === instanceId : waiting.token === token),
      ) ?? [];
    if (!action || action.end) {
      const name = token === undefined ? `instance ID ${instanceId}` : `token ${token}`;
      throw invalid(`No active Lifecycle Action found with ${name}`);
    }
    action.end = { atMs: this.options.clock.now(), by: 'completion', result };
    stop?.abort();
    return {};
  }

  private begin({ instanceId }: SimulatedHost, hook: TerminateHook): Waiting {
    const { clock, random } = this.options;
    const startedAtMs = clock.now();
    const action: Waiting = {
      token: random.fork(`token ${instanceId}`).uuid(),
      autoScalingGroup: hook.autoScalingGroup,
      hookName: hook.hookName,
      instanceId,
      startedAtMs,
      heartbeatEndsAtMs: startedAtMs + hook.heartbeatSeconds * 1000,
    };
    this.all.push(action);
    return action;
  }

  private announce({ token, autoScalingGroup, hookName, instanceId }: LifecycleAction, hook: TerminateHook): void {
    const { account, feed, random, region } = this.options;
    const id = random.fork(`group ${autoScalingGroup}`).uuid();
    const arn = `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:${id}:autoScalingGroupName/${autoScalingGroup}`;
    feed.publish('aws.autoscaling', 'EC2 Instance-terminate Lifecycle Action', arn, {
      LifecycleActionToken: token,
      AutoScalingGroupName: autoScalingGroup,
      LifecycleHookName: hookName,
      EC2InstanceId: instanceId,
      LifecycleTransition: TERMINATING,
      Origin: 'AutoScalingGroup',
      Destination: hook.destination ?? 'EC2',
    });
  }
}

function describedHook({ autoScalingGroup, hookName, heartbeatSeconds }: TerminateHook): DescribedHook {
  return {
    AutoScalingGroupName: autoScalingGroup,
    LifecycleHookName: hookName,
    LifecycleTransition: TERMINATING,
    HeartbeatTimeout: heartbeatSeconds,
    GlobalTimeout: Math.min(LONGEST_WAIT_SECONDS, heartbeatSeconds * 100),
    DefaultResult: DEFAULT_RESULT,
  };
}

function invalid(message: string): AwsApiError {
  return new AwsApiError('ValidationError', message);
}

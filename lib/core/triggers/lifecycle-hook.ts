import type { Delivery } from '../queue/delivery.ts';
import type { HostPartition, HostQueue } from '../queue/host-queue.ts';
import { awaitedIn, queriesAt } from '../queue/offers.ts';

/** An instance that an Auto Scaling group holds back for a hook. */
export interface LifecycleAction {
  readonly group: string;
  readonly hook: string;
  /** Either names the action; the token that one alone. */
  readonly instanceId?: string;
  readonly token?: string;
}

export interface LifecycleHooks {
  /** How long the group waits for the hook, in seconds; undefined where it has no such hook. */
  heartbeatSeconds(group: string, hook: string): Promise<number | undefined>;
  /** Lets the group go on with the instance; `over` when it was waiting no more. */
  complete(action: LifecycleAction): Promise<'completed' | 'over'>;
}

/** What holding an instance takes; only the function that may complete hooks has it. */
export interface Hold {
  readonly hooks: LifecycleHooks;
  /** Resolves after so many ms by the clock that `now` reads. */
  readonly pause: (ms: number) => Promise<void>;
  /** What comes of some work, or nothing once so many ms have passed by that clock; the work goes on. */
  readonly within: <T>(ms: number, work: Promise<T>) => Promise<T | undefined>;
  /** When this invocation is ended, whatever it is doing, in epoch ms. */
  readonly endsAtMs: number;
}

/** Whether a hook is there for Mayfly, by its name. The others are somebody else's to complete. */
export const isOurs = ({ hook }: LifecycleAction): boolean => hook.startsWith('mayfly');

/** Whether anybody could complete the action: an event may lack what names it. */
export const isNamed = ({ instanceId, token }: LifecycleAction): boolean => (instanceId ?? token) !== undefined;

const AGAIN_AFTER_MS = 1000;

interface Persistence extends Pick<Hold, 'pause'> {
  readonly now: () => number;
  readonly untilMs: number;
  /** Told of each failure. */
  readonly failed: (error: unknown) => void;
}

/**
 * Does something, and again after each failure, as long as there is time.
 *
 * @throws the last failure
 */
export async function persist<T>(act: () => Promise<T>, { now, pause, untilMs, failed }: Persistence): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      failed(error);
      if (now() + AGAIN_AFTER_MS >= untilMs) throw error;
    }
    await pause(AGAIN_AFTER_MS);
  }
}

/**
 * Waits until nothing of an instance's last gasp is waiting on its host or under way: all of it is answered and stored,
 * given up, expired or withdrawn. Until `untilMs` at most; a look that fails is no reason to let the instance go.
 */
export async function lastGaspOver(
  host: string,
  instanceId: string,
  { queue, now, pause, untilMs, failed }: Persistence & { readonly queue: HostQueue },
): Promise<void> {
  while (now() < untilMs) {
    const partition = await queue.read(host, true).catch(failed);
    if (partition && !isUnderWay(partition, instanceId, now())) return;
    await pause(Math.min(AGAIN_AFTER_MS, Math.max(0, untilMs - now())));
  }
}

function isUnderWay({ pending, deliveries }: HostPartition, instanceId: string, nowMs: number): boolean {
  return (
    pending.some(
      ({ set, workload, expiresAtMs }) => set === 'last-gasp' && workload === instanceId && expiresAtMs > nowMs,
    ) || deliveries.some((delivery) => holds(delivery, instanceId))
  );
}

const holds = (delivery: Delivery, instanceId: string): boolean =>
  queriesAt(delivery, awaitedIn(delivery)).some(
    ({ set, askers }) => set === 'last-gasp' && askers.some(({ workload }) => workload === instanceId),
  );

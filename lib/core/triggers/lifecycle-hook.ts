import type { Delivery } from '../queue/delivery.ts';
import { unanswered } from '../queue/delivery.ts';
import type { HostPartition, HostQueue } from '../queue/host-queue.ts';

/** An instance that an Auto Scaling group holds back for a hook. */
export interface LifecycleAction {
  readonly group: string;
  readonly hook: string;
  /** Either names the action; the token that one alone. Events may lack both. */
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
}

/** Whether a hook is there for Mayfly, by its name. The others are somebody else's to complete. */
export const isOurs = ({ hook }: LifecycleAction): boolean => hook.startsWith('mayfly');

const LOOK_EVERY_MS = 1000;

/**
 * Waits until nothing of an instance's last gasp is waiting on its host or under way: all of it is answered and stored,
 * given up, expired or withdrawn. Until `untilMs` at most.
 */
export async function lastGaspOver(
  host: string,
  instanceId: string,
  untilMs: number,
  { queue, now, pause }: Pick<Hold, 'pause'> & { readonly queue: HostQueue; readonly now: () => number },
): Promise<void> {
  while (now() < untilMs) {
    if (!isUnderWay(await queue.open(host, true), instanceId, now())) return;
    await pause(Math.min(LOOK_EVERY_MS, Math.max(0, untilMs - now())));
  }
}

function isUnderWay({ pending, deliveries }: HostPartition, instanceId: string, nowMs: number): boolean {
  return (
    pending.some(
      ({ set, workload, expiresAtMs }) => set === 'last-gasp' && workload === instanceId && expiresAtMs > nowMs,
    ) || deliveries.some((delivery) => holds(delivery, instanceId))
  );
}

/** A query with discovery may be skipped in silence: once anything of its delivery is answered, so is it. */
const holds = (delivery: Delivery, instanceId: string): boolean =>
  unanswered(delivery).some(
    ({ set, discovery, askers }) =>
      set === 'last-gasp' &&
      (discovery === undefined || delivery.answered.length === 0) &&
      askers.some(({ workload }) => workload === instanceId),
  );

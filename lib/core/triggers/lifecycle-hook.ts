import type { Delivery } from '../queue/delivery.ts';
import type { HostPartition, HostQueue } from '../queue/host-queue.ts';
import { awaitedIn, queriesAt } from '../queue/offers.ts';

/** A lifecycle action: an Auto Scaling group waits for a hook before it terminates an instance. */
export interface LifecycleAction {
  readonly group: string;
  readonly hook: string;
  /** Instance id and token each identify the action; the token is unique to it. */
  readonly instanceId?: string;
  readonly token?: string;
}

export interface LifecycleHooks {
  /** How long the group waits for the hook, in seconds; undefined if it has no such hook. */
  heartbeatSeconds(group: string, hook: string): Promise<number | undefined>;
  /** Completes the action so that the group continues; `over` if the group no longer waited. */
  complete(action: LifecycleAction): Promise<'completed' | 'over'>;
}

/** Dependencies for holding an instance; only the function that may complete hooks has them. */
export interface InstanceHold {
  readonly hooks: LifecycleHooks;
  /** Resolves after so many ms by the clock that `now` reads. */
  readonly pause: (ms: number) => Promise<void>;
  /** Resolves with the result of `work`, or with undefined after `ms` by that clock; the work continues. */
  readonly within: <T>(ms: number, work: Promise<T>) => Promise<T | undefined>;
  /** When Lambda ends this invocation, in epoch ms. */
  readonly endsAtMs: number;
}

/** Whether a hook belongs to Mayfly, by its name. Other hooks must not be completed. */
export const isOurs = ({ hook }: LifecycleAction): boolean => hook.startsWith('mayfly');

/** Whether the action can be completed: an event may lack both instance id and token. */
export const isNamed = ({ instanceId, token }: LifecycleAction): boolean => (instanceId ?? token) !== undefined;

const AGAIN_AFTER_MS = 1000;

interface Persistence extends Pick<InstanceHold, 'pause'> {
  readonly now: () => number;
  readonly untilMs: number;
  /** Called on each failure. */
  readonly failed: (error: unknown) => void;
}

/**
 * Retries an action after each failure while there is time.
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
 * Waits until no last-gasp query of an instance is pending or leased: all are answered and stored, given up, expired or
 * withdrawn. Waits until `untilMs` at most; a failed read does not end the wait.
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

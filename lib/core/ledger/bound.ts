import type { Profile } from '../policy/policy.ts';
import type { Instants } from './clocks.ts';

/*
 * The talk's MTTA, max time to alert: "that is the fastest you can guarantee; do not plan for the average".
 * What the bound takes for granted stands here; docs/performance.md says where each number comes from.
 */

/** E: from what happened until its queries are queued. EventBridge gives no bound; slower than this is a breach. */
export const EVENT_LATENCY_MS = 5_000;
/** r: one request of an agent, TLS handshake included; a read to fetch, a write to answer. */
export const ROUND_TRIP_MS = 80;
/** q: the queries of one delivery, three by default; an agent answers when all of them have run. */
export const QUERY_RUN_MS = 150;
/** R: refused requests. None; one that is refused comes again after 1 s, then 4 s (osquery's retries). */
export const REFUSED_MS = 0;
/** How often an agent polls while its host is hot; osquery fixes it (`kDistributedAccelerationInterval`). */
export const HOT_INTERVAL_SECONDS = 5;
/** `distributed_interval` where a profile does not say: that of the flagfile we ship (lib/stack/flagfile.ts). */
export const FLAGFILE_INTERVAL_SECONDS = 10;
/** Where no event arrives, the reconciler's next sweep tells; by default it starts this often (lib/stack/mayfly.ts) … */
export const SWEEP_EVERY_MS = 60_000;
/** … and has queued what it asks after this long. */
export const SWEEP_RUN_MS = 2_000;

/**
 * The longest way to an answer, ms: E + (I + r) + r + q + R. An agent sleeps I after each round trip, so an event that
 * just missed a read waits for I + r; then it is fetched (r), run (q) and written. It holds for an enrolled agent, and as
 * long as what waits fits into one delivery.
 */
export const guaranteedBoundMs = ({
  eventLatencyMs,
  intervalSeconds,
}: {
  readonly eventLatencyMs: number;
  readonly intervalSeconds: number;
}): number => eventLatencyMs + (intervalSeconds * 1000 + ROUND_TRIP_MS) + ROUND_TRIP_MS + QUERY_RUN_MS + REFUSED_MS;

/** The bounds of a class of nodes, ms. */
export interface Bounds {
  /** Guaranteed: the host was cold, the event came. */
  readonly idleMs: number;
  /** While the host is hot. */
  readonly hotMs: number;
  /** No event came, and the host was cold. */
  readonly unheardMs: number;
}

/** @param intervalSeconds how often its agents poll while they are cold */
export const boundsOf = (intervalSeconds: number): Bounds => ({
  idleMs: guaranteedBoundMs({ eventLatencyMs: EVENT_LATENCY_MS, intervalSeconds }),
  hotMs: guaranteedBoundMs({
    eventLatencyMs: EVENT_LATENCY_MS,
    intervalSeconds: Math.min(intervalSeconds, HOT_INTERVAL_SECONDS),
  }),
  unheardMs: guaranteedBoundMs({ eventLatencyMs: SWEEP_EVERY_MS + SWEEP_RUN_MS, intervalSeconds }),
});

/** How often an agent with this profile polls while it is cold: its `distributed_interval`, else the flagfile's. */
export function intervalSecondsOf({ config }: Profile): number {
  const seconds = Number((config.options as Readonly<Record<string, unknown>> | undefined)?.distributed_interval);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : FLAGFILE_INTERVAL_SECONDS;
}

/**
 * By how much an answer came later than the bound, ms; 0 when it did not. What a sweep found counts from that sweep: how
 * often there is one is for the stack to say, and that there is one for an alarm.
 *
 * @param enrolledAtMs epoch ms; before its agent enrolled nobody could answer, so the bound counts from then
 */
export function lateByMs(
  { toldBy, eventAtMs, receivedAtMs, answeredAtMs }: Instants,
  intervalSeconds: number,
  enrolledAtMs = 0,
): number {
  const [toldAtMs, eventLatencyMs] = toldBy === 'event' ? [eventAtMs, EVENT_LATENCY_MS] : [receivedAtMs, SWEEP_RUN_MS];
  const fromMs = Math.max(toldAtMs, enrolledAtMs);
  return Math.max(0, answeredAtMs - fromMs - guaranteedBoundMs({ eventLatencyMs, intervalSeconds }));
}

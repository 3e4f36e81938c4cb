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
/** q: the queries of one delivery, six by default; an agent answers when all of them have run. */
export const QUERY_RUN_MS = 150;
/** R: refused requests. None; one that is refused comes again after 1 s, then 4 s (osquery's retries). */
export const REFUSED_MS = 0;
/** How often an agent polls while its host is hot; osquery fixes it (`kDistributedAccelerationInterval`). */
export const HOT_INTERVAL_SECONDS = 5;
/** `distributed_interval` where a profile does not say: that of the flagfile we ship (lib/stack/flagfile.ts). */
export const FLAGFILE_INTERVAL_SECONDS = 10;
/** Where no event arrives, the reconciler's next sweep tells; it starts this often unless the stack says otherwise … */
export const SWEEP_EVERY_MS = 60_000;
/** … and has queued what it asks after this long. */
export const SWEEP_RUN_MS = 2_000;
/** Events say when they occurred in whole seconds: up to so much of an answer's time is none. */
const EVENT_TIME_STEP_MS = 1_000;

/** How often somebody looks: what a class of nodes is promised depends on it. */
export interface Pace {
  /** How often its agents poll while they are cold. */
  readonly intervalSeconds: number;
  /** How often the reconciler sweeps. */
  readonly sweepEveryMs: number;
}

/**
 * The longest way to an answer, ms: E + (I + r + q + r) + r + q + R. An agent sleeps I after each round trip and after its
 * work, so an event that just missed a read waits until what that read fetched has run and is written (q + r), and then for
 * I + r; then it is fetched (r), run (q) and written. It holds for an enrolled agent, and as long as the kinds of evidence
 * that wait fit into one delivery.
 */
export const guaranteedBoundMs = ({
  eventLatencyMs,
  intervalSeconds,
}: {
  readonly eventLatencyMs: number;
  readonly intervalSeconds: number;
}): number => {
  const cycleMs = intervalSeconds * 1000 + ROUND_TRIP_MS + QUERY_RUN_MS + ROUND_TRIP_MS;
  return eventLatencyMs + cycleMs + ROUND_TRIP_MS + QUERY_RUN_MS + REFUSED_MS;
};

/** The bounds of a class of nodes, ms. */
export interface Bounds {
  /** Guaranteed: the host was cold, the event came. */
  readonly idleMs: number;
  /** While the host is hot. */
  readonly hotMs: number;
  /** No event came, and the host was cold. */
  readonly unheardMs: number;
}

/** An agent that polls more often by itself than a hot one is never told to accelerate. */
export const boundsOf = ({ intervalSeconds, sweepEveryMs }: Pace): Bounds => ({
  idleMs: guaranteedBoundMs({ eventLatencyMs: EVENT_LATENCY_MS, intervalSeconds }),
  hotMs: guaranteedBoundMs({
    eventLatencyMs: EVENT_LATENCY_MS,
    intervalSeconds: Math.min(intervalSeconds, HOT_INTERVAL_SECONDS),
  }),
  unheardMs: guaranteedBoundMs({ eventLatencyMs: sweepEveryMs + SWEEP_RUN_MS, intervalSeconds }),
});

/** How often an agent with this profile polls while it is cold: its `distributed_interval`, else the flagfile's. */
export function intervalSecondsOf({ config }: Profile): number {
  const seconds = Number((config.options as Readonly<Record<string, unknown>> | undefined)?.distributed_interval);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : FLAGFILE_INTERVAL_SECONDS;
}

/**
 * By how much an answer came later than the bound, ms; 0 when it did not. What a sweep found has the bound without an event:
 * it counts from when it occurred, or from the complete sweep before, which would have found it.
 *
 * @param enrolledAtMs epoch ms; before its agent enrolled nobody could answer, so the bound counts from then
 */
export function lateByMs({ toldBy, eventAtMs, answeredAtMs }: Instants, pace: Pace, enrolledAtMs = 0): number {
  const { idleMs, unheardMs } = boundsOf(pace);
  const boundMs = toldBy === 'event' ? idleMs + EVENT_TIME_STEP_MS : unheardMs;
  return Math.max(0, answeredAtMs - Math.max(eventAtMs, enrolledAtMs) - boundMs);
}

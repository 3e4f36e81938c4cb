import type { Profile } from '../policy/policy.ts';
import type { Instants } from './clocks.ts';

/*
 * The talk's MTTA, max time to alert: "that is the fastest you can guarantee; do not plan for the average".
 * These constants are the assumptions behind the bound; docs/performance.md has the source of each number.
 */

/** E: from what happened until its queries are queued. EventBridge guarantees none; a slower event exceeds the bound. */
export const EVENT_LATENCY_MS = 5_000;
/** r: one request of an agent, TLS handshake included: a read to fetch queries, or a write to answer them. */
export const ROUND_TRIP_MS = 80;
/** q: running the queries of one delivery, six by default; an agent answers after all of them have run. */
export const QUERY_RUN_MS = 150;
/** R: delay by refused requests. Assumed none; osquery retries a refused request after 1 s, then 4 s. */
export const REFUSED_MS = 0;
/** Poll interval of an accelerated agent, fixed by osquery (`kDistributedAccelerationInterval`). */
export const HOT_INTERVAL_SECONDS = 5;
/** `distributed_interval` if a profile sets none: that of the flagfile we ship (lib/stack/hosts/flagfile.ts). */
export const FLAGFILE_INTERVAL_SECONDS = 10;
/** From a hint for a held read to its reply: hints are read every 200 ms, then the host's partition. */
export const WAKE_MS = 250;
/** How long the long-poll front holds an empty read. An agent gives up 16 s after it started to connect. */
export const HOLD_MS = 12_000;
/** If no event arrives, the next sweep of the reconciler detects the change. Sweeps start this often by default … */
export const SWEEP_EVERY_MS = 60_000;
/** … and have queued their queries after this time. */
export const SWEEP_RUN_MS = 2_000;
/** Event times are in whole seconds, so a measured time to answer may be up to this much too long. */
const EVENT_TIME_STEP_MS = 1_000;

/** How an agent gets its queries. */
export interface Polling {
  /** Pause between two reads when not accelerated. */
  readonly intervalSeconds: number;
  /** Whether the front holds its empty reads, and never accelerates it. @default false */
  readonly isHeld?: boolean;
}

/** The intervals that determine the bounds of a class of nodes. */
export interface Pace extends Polling {
  /** How often the reconciler sweeps. */
  readonly sweepEveryMs: number;
}

/**
 * The guaranteed time from event to answer, ms: E + (I + r + q + r) + r + q + R. An agent sleeps I after each round trip
 * and after its work. In the worst case a query just misses a read: it waits until that read's queries have run and are
 * answered (q + r), then for I + r; then it is fetched (r), run (q) and answered. Where reads are held, the next read may
 * arrive before its hint is read, so it waits for that too. The bound holds for an enrolled agent whose pending queries with
 * evidence fit into one delivery.
 */
export const guaranteedBoundMs = ({
  eventLatencyMs,
  intervalSeconds,
  isHeld = false,
}: Polling & { readonly eventLatencyMs: number }): number => {
  const cycleMs = intervalSeconds * 1000 + ROUND_TRIP_MS + QUERY_RUN_MS + ROUND_TRIP_MS;
  return eventLatencyMs + cycleMs + (isHeld ? WAKE_MS : 0) + ROUND_TRIP_MS + QUERY_RUN_MS + REFUSED_MS;
};

/** The bounds of a class of nodes, ms. */
export interface Bounds {
  /** The event arrived and the host was not accelerated. */
  readonly idleMs: number;
  /** The event arrived while the host was accelerated. */
  readonly hotMs: number;
  /** No event arrived and the host was not accelerated. */
  readonly unheardMs: number;
  /** The event arrived, and the hint for the held read was late or lost. @default - reads are not held */
  readonly lateHintMs?: number;
}

/** The bounds for these intervals. An agent whose own interval is shorter than the accelerated one is not accelerated. */
export const boundsOf = ({ intervalSeconds, isHeld, sweepEveryMs }: Pace): Bounds => {
  const idleMs = guaranteedBoundMs({ eventLatencyMs: EVENT_LATENCY_MS, intervalSeconds, isHeld });
  return {
    idleMs,
    hotMs: guaranteedBoundMs({
      eventLatencyMs: EVENT_LATENCY_MS,
      intervalSeconds: Math.min(intervalSeconds, HOT_INTERVAL_SECONDS),
      isHeld,
    }),
    unheardMs: guaranteedBoundMs({ eventLatencyMs: sweepEveryMs + SWEEP_RUN_MS, intervalSeconds, isHeld }),
    lateHintMs: isHeld ? idleMs + HOLD_MS : undefined,
  };
};

/**
 * How agents with this profile get their queries.
 *
 * @param heldEverySeconds `distributed_interval` behind the long-poll front, in place of the profile's; undefined behind the
 *   other front
 */
export const pollingOf = (profile: Profile, heldEverySeconds: number | undefined): Polling =>
  heldEverySeconds === undefined
    ? { intervalSeconds: intervalSecondsOf(profile) }
    : { intervalSeconds: heldEverySeconds, isHeld: true };

/** Poll interval of an agent with this profile: its `distributed_interval`, or else the flagfile's. */
export function intervalSecondsOf({ config }: Profile): number {
  const seconds = Number((config.options as Readonly<Record<string, unknown>> | undefined)?.distributed_interval);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : FLAGFILE_INTERVAL_SECONDS;
}

/**
 * By how much an answer exceeded its bound, ms; 0 if it did not. If a sweep detected the trigger, the bound without an event
 * applies, counted from the trigger or from the last complete sweep before it, which would have found it.
 *
 * @param enrolledAtMs epoch ms; the bound counts from then if that is later: no agent could answer before
 */
export function lateByMs({ detectedBy, eventAtMs, answeredAtMs }: Instants, pace: Pace, enrolledAtMs = 0): number {
  const { idleMs, unheardMs } = boundsOf(pace);
  const boundMs = detectedBy === 'event' ? idleMs + EVENT_TIME_STEP_MS : unheardMs;
  return Math.max(0, answeredAtMs - Math.max(eventAtMs, enrolledAtMs) - boundMs);
}

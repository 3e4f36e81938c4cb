import { HINTS_EVERY_MS } from '../../lib/core/front/hint-reader.ts';
import { HOLD_MS } from '../../lib/core/ledger/bound.ts';
import type { Lifetime, Random } from '../world/index.ts';
import { type Latency, latencyAt } from './event-path.ts';
import { HOT_SECONDS, type Mode } from './modes.ts';
import { STARTS_PER_HOST_HOUR } from './workload.ts';

/**
 * The probability that a container is seen at most this many ms after its start. These functions are the formulas of
 * docs/spec/performance.md §3.1. They need only the distribution of a delay: a container is seen alive if it lives
 * longer than its delay, and the MTTA is the delay itself.
 */
export type DelayDistribution = (ms: number) => number;

const clamp = (x: number): number => Math.min(1, Math.max(0, x));

/** (a) A schedule runs every `periodSeconds`, at a random phase. */
export const scheduleDelay =
  (periodSeconds: number): DelayDistribution =>
  (ms) =>
    clamp(ms / (periodSeconds * 1000));

/** The parts of a delay besides the interval: `E`, `r` and `q` of docs/spec/performance.md §3.1. */
export interface Path {
  readonly latency: Latency;
  readonly roundTripMs: number;
  readonly queryMs: number;
}

/** Standard scores at equal steps with their probabilities, for the integral over E. */
const SCORES = Array.from({ length: 201 }, (_, index) => (index - 100) / 20).map((z) => ({
  z,
  density: Math.exp((-z * z) / 2),
}));
const TOTAL = SCORES.reduce((sum, { density }) => sum + density, 0);

/** E + W + r + q, where W is how long a query waits for a poll. @param waits the distribution of W */
function afterEvent(waits: DelayDistribution, { latency, roundTripMs, queryMs }: Path): DelayDistribution {
  const steps = SCORES.map(({ z, density }) => ({ eventMs: latencyAt(latency, z), weight: density / TOTAL }));
  return (ms) =>
    steps.reduce((sum, { eventMs, weight }) => sum + weight * waits(ms - eventMs - roundTripMs - queryMs), 0);
}

const cycleMs = (intervalSeconds: number, { roundTripMs }: Path): number => intervalSeconds * 1000 + roundTripMs;

/** (b) An event, then the next poll: W = U(0, I + r). */
export const pollDelay = (intervalSeconds: number, path: Path): DelayDistribution =>
  afterEvent(pollWait(intervalSeconds, path), path);

const pollWait =
  (intervalSeconds: number, path: Path): DelayDistribution =>
  (ms) =>
    clamp(ms / cycleMs(intervalSeconds, path));

/**
 * (d) A held read waits for the next look at the hints. A query that comes between two reads waits for the rest of the gap,
 * which is as long as the cycle of a poll.
 */
const heldWait =
  (intervalSeconds: number, path: Path): DelayDistribution =>
  (ms) => {
    const gapMs = cycleMs(intervalSeconds, path);
    return (HOLD_MS * clamp(ms / HINTS_EVERY_MS) + gapMs * clamp(ms / gapMs)) / (HOLD_MS + gapMs);
  };

/** Events are lost, and a sweep detects the start: E is between 0 and the interval of the sweeps. */
export function sweptDelay(mode: Pick<Mode, 'idleSeconds' | 'isHeld'>, sweepMs: number, path: Path): DelayDistribution {
  const waits = mode.isHeld ? heldWait(mode.idleSeconds, path) : pollWait(mode.idleSeconds, path);
  const steps = Array.from({ length: SWEEP_STEPS }, (_, step) => ((step + 0.5) / SWEEP_STEPS) * sweepMs);
  return (ms) =>
    steps.reduce((sum, sweptMs) => sum + waits(ms - sweptMs - path.roundTripMs - path.queryMs), 0) / SWEEP_STEPS;
}
const SWEEP_STEPS = 200;

/** From PENDING to the container on a host that pulls its images: the median of docs/spec/performance.md §3.2. */
const LEAD_MS = 3000;

/**
 * (c) PENDING makes a cold host hot. If the host polls between PENDING and RUNNING, its next poll is 5 s later.
 * Otherwise the rest of the idle interval is shorter by the lead.
 */
function armedDelay(intervalSeconds: number, path: Path): DelayDistribution {
  const [idleMs, hotMs] = [cycleMs(intervalSeconds, path), cycleMs(HOT_SECONDS, path)];
  const within = (ms: number, fromMs: number, toMs: number): number =>
    clamp((ms - fromMs) / (toMs - fromMs)) * (toMs - fromMs);
  return afterEvent((ms) => (within(ms, hotMs - LEAD_MS, hotMs) + within(ms, 0, idleMs - LEAD_MS)) / idleMs, path);
}

/** `h` of docs/spec/performance.md §3.1 (c): the share of starts on a host that an earlier start made hot. */
export const hotShare = ({ leaseSeconds, isHeld }: Pick<Mode, 'leaseSeconds' | 'isHeld'>): number =>
  isHeld ? 0 : 1 - Math.exp((-STARTS_PER_HOST_HOUR / 3600) * leaseSeconds);

/** The share including the hosts that PENDING makes hot in time, with a probability of about P / I. */
export const armedShare = ({ idleSeconds, pulls }: Pick<Mode, 'idleSeconds' | 'pulls'>, hot: number): number =>
  pulls ? hot + (1 - hot) * clamp(LEAD_MS / (1000 * idleSeconds)) : hot;

/** (c) Some starts find the host hot; the others wait for its idle poll. Behind the long-poll front, (d). */
export function modeDelay(
  { idleSeconds, isHeld, pulls }: Pick<Mode, 'idleSeconds' | 'isHeld' | 'pulls'>,
  hot: number,
  path: Path,
): DelayDistribution {
  if (isHeld) return afterEvent(heldWait(idleSeconds, path), path);
  const atHot = pollDelay(HOT_SECONDS, path);
  const atIdle = pulls ? armedDelay(idleSeconds, path) : pollDelay(idleSeconds, path);
  return (ms) => hot * atHot(ms) + (1 - hot) * atIdle(ms);
}

/** The model's MTTA bound: E + (I + r) + r + q. */
export const modelBoundMs = ({ idleSeconds }: Pick<Mode, 'idleSeconds'>, eventMs: number, path: Path): number =>
  eventMs + cycleMs(idleSeconds, path) + path.roundTripMs + path.queryMs;

/** Returns the time within which a share of containers is seen, in ms. */
export function quantileOf(delay: DelayDistribution, share: number): number {
  let [low, high] = [0, 3_600_000];
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (delay(middle) < share) low = middle;
    else high = middle;
  }
  return high;
}

const SAMPLES = 200_000;

/** Draws the lifetimes of a workload, in ms. */
export const lifetimesOf = (lifetime: Lifetime, random: Random): Float64Array =>
  Float64Array.from({ length: SAMPLES }, () => lifetime.sample(random));

const STEP_MS = 50;

/** Returns the share of lives that are longer than their delay. */
export function catchRate(delay: DelayDistribution, lifetimesMs: Float64Array): number {
  // Tabulate up to the time of near certainty. The function is almost linear between two steps.
  const certainMs = quantileOf(delay, 1 - 1e-6);
  const table = Float64Array.from({ length: Math.ceil(certainMs / STEP_MS) + 2 }, (_, step) => delay(step * STEP_MS));
  const at = (ms: number): number => {
    if (ms >= certainMs) return 1;
    const step = Math.floor(ms / STEP_MS);
    const [low = 0, high = 0] = [table[step], table[step + 1]];
    return low + (high - low) * (ms / STEP_MS - step);
  };
  return lifetimesMs.reduce((sum, ms) => sum + at(ms), 0) / lifetimesMs.length;
}

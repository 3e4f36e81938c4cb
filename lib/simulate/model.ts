import type { Lifetime, Random } from '../agent/index.ts';
import { type Latency, latencyAt } from './event-path.ts';
import { HOT_SECONDS, type Mode } from './modes.ts';

/*
 * The formulas of performance.md §3.1. A delay's distribution is all there is to them: a container is seen alive if it
 * lives longer than its delay, and the MTTA is the delay itself.
 */

/** The probability that a container is seen at most so many ms after its start. */
export type DelayDistribution = (ms: number) => number;

const clamp = (x: number): number => Math.min(1, Math.max(0, x));

/** (a) A schedule looks every `periodSeconds`, at a random phase. */
export const scheduleDelay =
  (periodSeconds: number): DelayDistribution =>
  (ms) =>
    clamp(ms / (periodSeconds * 1000));

/** What a delay is made of beside the interval: `E`, `r` and `q` of §3.1. */
export interface Path {
  readonly latency: Latency;
  readonly roundTripMs: number;
  readonly queryMs: number;
}

/** Standard scores at equal steps and how likely each is: the integral over E. */
const SCORES = Array.from({ length: 201 }, (_, index) => (index - 100) / 20).map((z) => ({
  z,
  density: Math.exp((-z * z) / 2),
}));
const TOTAL = SCORES.reduce((sum, { density }) => sum + density, 0);

/** (b) An event, then the next poll: E + U(0, I + r) + r + q. */
export function pollDelay(intervalSeconds: number, { latency, roundTripMs, queryMs }: Path): DelayDistribution {
  const cycleMs = intervalSeconds * 1000 + roundTripMs;
  const steps = SCORES.map(({ z, density }) => ({ eventMs: latencyAt(latency, z), weight: density / TOTAL }));
  return (ms) => {
    const inTime = ({ eventMs }: { eventMs: number }) => clamp((ms - eventMs - roundTripMs - queryMs) / cycleMs);
    return steps.reduce((sum, step) => sum + step.weight * inTime(step), 0);
  };
}

/**
 * (c) Some starts find the host hot, the others wait for its idle poll.
 *
 * @param hot the share of starts that do, `h` of §3.1
 */
export function modeDelay({ idleSeconds }: Pick<Mode, 'idleSeconds'>, hot: number, path: Path): DelayDistribution {
  const atHot = pollDelay(HOT_SECONDS, path);
  const atIdle = pollDelay(idleSeconds, path);
  return (ms) => hot * atHot(ms) + (1 - hot) * atIdle(ms);
}

/** The time within which a share of containers is seen, in ms. */
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

/** Draws of a workload's lifetimes, in ms. */
export const lifetimesOf = (lifetime: Lifetime, random: Random): Float64Array =>
  Float64Array.from({ length: SAMPLES }, () => lifetime.sample(random));

const STEP_MS = 50;

/** The share of lives that are longer than their delay. */
export function catchRate(delay: DelayDistribution, lifetimesMs: Float64Array): number {
  // Tabulated up to where it is certain: between two steps it is all but straight.
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

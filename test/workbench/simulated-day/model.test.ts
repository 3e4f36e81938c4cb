import { describe, expect, it } from '@jest/globals';
import { E_BASE } from '../../../workbench/simulated-day/event-path.ts';
import {
  armedShare,
  catchRate,
  hotShare,
  lifetimesOf,
  modeDelay,
  modelBoundMs,
  pollDelay,
  quantileOf,
  scheduleDelay,
  sweptDelay,
} from '../../../workbench/simulated-day/model.ts';
import { LIFETIMES, type Lifetime, Random } from '../../../workbench/world/index.ts';

/** The parameters of the published table (docs/spec/performance.md §3.2). */
const PATH = { latency: E_BASE, roundTripMs: 80, queryMs: 150 };

const { Sysdig2019, Sysdig2025, CI, TenSecondJob } = LIFETIMES;
const drawn = new Map(
  [Sysdig2019, Sysdig2025, CI, TenSecondJob].map((lifetime) => [
    lifetime,
    lifetimesOf(lifetime, new Random('model').fork(lifetime.name)),
  ]),
);
const of = (lifetime: Lifetime): Float64Array => drawn.get(lifetime) ?? new Float64Array();

/**
 * The published table was drawn too, and from shares of Sysdig 2025 that were rounded: 59 % up to a minute, where ours has
 * the report's 60 %.
 */
const TOLERANCE = 0.8;

describe('the formulas give the table of docs/spec/performance.md §3.2', () => {
  it.each([
    { period: 300, lifetime: Sysdig2019, percent: 56.2 },
    { period: 300, lifetime: CI, percent: 62.5 },
    { period: 60, lifetime: TenSecondJob, percent: 16.7 },
    { period: 60, lifetime: Sysdig2019, percent: 71.0 },
    { period: 60, lifetime: Sysdig2025, percent: 54.9 },
    { period: 60, lifetime: CI, percent: 92.1 },
  ])('a schedule of $period s sees $percent % of $lifetime.name', ({ period, lifetime, percent }) => {
    expect(Math.abs(100 * catchRate(scheduleDelay(period), of(lifetime)) - percent)).toBeLessThan(TOLERANCE);
  });

  it.each([
    { interval: 60, lifetime: TenSecondJob, percent: 14.5 },
    { interval: 60, lifetime: Sysdig2025, percent: 53.5 },
    { interval: 10, lifetime: TenSecondJob, percent: 85.0 },
    { interval: 10, lifetime: Sysdig2019, percent: 83.9 },
    { interval: 5, lifetime: TenSecondJob, percent: 99.9 },
    { interval: 5, lifetime: Sysdig2025, percent: 81.5 },
    { interval: 5, lifetime: CI, percent: 99.8 },
    { interval: 1, lifetime: Sysdig2019, percent: 94.3 },
    { interval: 1, lifetime: Sysdig2025, percent: 91.2 },
  ])('polls of $interval s after an event see $percent % of $lifetime.name', ({ interval, lifetime, percent }) => {
    expect(Math.abs(100 * catchRate(pollDelay(interval, PATH), of(lifetime)) - percent)).toBeLessThan(TOLERANCE);
  });

  it.each([
    { idleSeconds: 60, hot: 0.5, percent: 67.6 },
    { idleSeconds: 60, hot: 0.936, percent: 79.7 },
    { idleSeconds: 10, hot: 0.936, percent: 81.0 },
  ])('$idleSeconds s idle with $hot of starts hot sees $percent % of Sysdig 2025', ({ idleSeconds, hot, percent }) => {
    const delay = modeDelay({ idleSeconds }, hot, PATH);
    expect(Math.abs(100 * catchRate(delay, of(Sysdig2025)) - percent)).toBeLessThan(TOLERANCE);
  });

  it.each([
    { lifetime: TenSecondJob, percent: 100 },
    { lifetime: Sysdig2019, percent: 96.6 },
    { lifetime: Sysdig2025, percent: 94.6 },
    { lifetime: CI, percent: 100 },
  ])('held reads see $percent % of $lifetime.name', ({ lifetime, percent }) => {
    const delay = modeDelay({ idleSeconds: 1, isHeld: true }, 0, PATH);
    expect(Math.abs(100 * catchRate(delay, of(lifetime)) - percent)).toBeLessThan(TOLERANCE);
  });

  it('held reads have an MTTA of 1.3 s, and 4.3 s at the 99th percentile', () => {
    const delay = modeDelay({ idleSeconds: 1, isHeld: true }, 0, PATH);
    expect(Math.abs(quantileOf(delay, 0.5) / 1000 - 1.3)).toBeLessThan(0.15);
    expect(Math.abs(quantileOf(delay, 0.99) / 1000 - 4.3)).toBeLessThan(0.15);
  });

  it('without events, polls of 60 s wait for half a sweep and half an interval at the median', () => {
    const delay = sweptDelay({ idleSeconds: 60 }, 60_000, PATH);
    expect(quantileOf(delay, 0.5) / 1000).toBeCloseTo(60.3, 0);
    expect(quantileOf(sweptDelay({ idleSeconds: 1, isHeld: true }, 60_000, PATH), 0.5) / 1000).toBeCloseTo(30.4, 0);
  });

  it.each([
    { interval: 60, p50: 31.4, p99: 60.9 },
    { interval: 10, p50: 6.5, p99: 12.3 },
    { interval: 5, p50: 4.0, p99: 7.8 },
    { interval: 1, p50: 1.8, p99: 4.8 },
  ])('polls of $interval s have an MTTA of $p50 s, at the 99th percentile $p99 s', ({ interval, p50, p99 }) => {
    const delay = pollDelay(interval, PATH);
    expect(Math.abs(quantileOf(delay, 0.5) / 1000 - p50)).toBeLessThan(0.15);
    expect(Math.abs(quantileOf(delay, 0.99) / 1000 - p99)).toBeLessThan(0.15);
  });

  it.each([
    { lifetime: TenSecondJob, percent: 98.5 },
    { lifetime: Sysdig2019, percent: 86.1 },
    { lifetime: Sysdig2025, percent: 78.5 },
    { lifetime: CI, percent: 99.7 },
  ])('polls of 10 s after acceleration at PENDING see $percent % of $lifetime.name', ({ lifetime, percent }) => {
    const delay = modeDelay({ idleSeconds: 10, pulls: true }, 0, PATH);
    // The published one drew its leads, around the 3 s that ours are.
    expect(Math.abs(100 * catchRate(delay, of(lifetime)) - percent)).toBeLessThan(1.2);
    expect(Math.abs(quantileOf(delay, 0.5) / 1000 - 4.9)).toBeLessThan(0.15);
  });

  it('a lease of 300 s finds 93.6 % of starts hot, no lease none, and PENDING accelerates three in ten of the cold ones', () => {
    expect(hotShare({ leaseSeconds: 300 })).toBeCloseTo(0.936, 3);
    expect(hotShare({ leaseSeconds: 0 })).toBe(0);
    expect(armedShare({ idleSeconds: 10, pulls: true }, 0)).toBeCloseTo(0.3, 9);
  });

  it.each([
    { idleSeconds: 60, bound: 65.3 },
    { idleSeconds: 10, bound: 15.3 },
    { idleSeconds: 5, bound: 10.3 },
    { idleSeconds: 1, bound: 6.3 },
  ])('the bound at $idleSeconds s is $bound s', ({ idleSeconds, bound }) => {
    expect((modelBoundMs({ idleSeconds }, 5000, PATH) / 1000).toFixed(1)).toBe(bound.toFixed(1));
  });

  it('a life shorter than round trip and query is never seen, one longer than every bound always', () => {
    expect(pollDelay(5, PATH)(230)).toBe(0);
    expect(pollDelay(5, PATH)(60_000)).toBeCloseTo(1, 9);
  });
});

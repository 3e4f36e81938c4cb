/** Nearest-rank percentiles of durations, ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Computes percentiles of durations in any order; null without any. */
export function percentilesOf(waitsMs: readonly number[]): Percentiles | null {
  const sorted = waitsMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

import type { Life } from './life.ts';

/** Share of lives seen, by lifetime. */
export interface CatchCurve {
  readonly name: string;
  readonly points: readonly { readonly lifetimeMs: number; readonly share: number }[];
}

const SHORTEST_MS = 1000;
const LONGEST_MS = 3_600_000;
const RANGES = 16;

/** Computes the share that each mode or schedule saw, by lifetime range. The ranges have equal length on a log axis. */
export function catchCurves(
  lives: readonly Life[],
  observers: readonly { readonly name: string; readonly saw: (life: Life) => boolean }[],
): CatchCurve[] {
  const ratio = LONGEST_MS / SHORTEST_MS;
  const ranges = Array.from({ length: RANGES }, (_, index) => {
    const edge = (at: number): number => SHORTEST_MS * ratio ** (at / RANGES);
    return {
      lifetimeMs: edge(index + 0.5),
      lives: lives.filter(({ lifetimeMs }) => lifetimeMs >= edge(index) && lifetimeMs < edge(index + 1)),
    };
  }).filter((range) => range.lives.length > 0);
  return observers.map(({ name, saw }) => ({
    name,
    points: ranges.map((range) => ({
      lifetimeMs: range.lifetimeMs,
      share: range.lives.filter(saw).length / range.lives.length,
    })),
  }));
}

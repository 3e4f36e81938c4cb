import type { Timer } from '../core/front/hold.ts';

/** How late a timer may ring, ms. */
const ROUND_MS = 50;

/**
 * Timers that ring in rounds: thousands of held reads share some timers of Node, and one turn of the event loop answers those
 * that end in the same round.
 */
export function roundTimer(now: () => number): Timer {
  const rounds = new Map<number, Set<() => void>>();
  const join = (round: number, waitMs: number): Set<() => void> => {
    const known = rounds.get(round);
    if (known) return known;
    const rings = new Set<() => void>();
    rounds.set(round, rings);
    setTimeout(() => {
      rounds.delete(round);
      for (const ring of rings) ring();
    }, waitMs).unref();
    return rings;
  };
  return (ms, ring) => {
    const nowMs = now();
    const round = Math.ceil((nowMs + ms) / ROUND_MS);
    const rings = join(round, round * ROUND_MS - nowMs);
    rings.add(ring);
    return () => void rings.delete(ring);
  };
}

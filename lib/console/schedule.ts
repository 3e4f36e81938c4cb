import type { Life } from './api.ts';

/** The schedule that Mayfly is compared with: osquery runs it at multiples of its interval, in unix time. */
export const SCHEDULE_MS = 60_000;

/** When a query scheduled every 60 s would first have seen the life, epoch ms; undefined if it ended before or has not started. */
export function scheduledLookMs({ startedAtMs, endedAtMs }: Life, nowMs: number): number | undefined {
  if (startedAtMs === undefined) return undefined;
  const runMs = Math.ceil(startedAtMs / SCHEDULE_MS) * SCHEDULE_MS;
  return runMs <= (endedAtMs ?? nowMs) ? runMs : undefined;
}

/**
 * The share of lives that the schedule would have seen, 0 to 1; null if none can be judged. A life that still runs and had
 * no scheduled run yet is left out, and so is one without containers.
 */
export function scheduleShare(lives: Iterable<Life>, nowMs: number): number | null {
  let [seen, judged] = [0, 0];
  for (const life of lives) {
    if (life.startedAtMs === undefined) continue;
    const isSeen = scheduledLookMs(life, nowMs) !== undefined;
    if (isSeen) seen += 1;
    if (isSeen || life.endedAtMs !== undefined) judged += 1;
  }
  return judged === 0 ? null : seen / judged;
}

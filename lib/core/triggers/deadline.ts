import { NOTICE_SECONDS } from '../policy/ending.ts';

/** Least time granted to reach a polling agent, whatever the clocks say. */
export const MIN_ANSWER_MS = 15_000;

const NOTICE_MS = NOTICE_SECONDS * 1000;

/**
 * When the announced end happens, in epoch ms by our clock. The clock of the notice's sender may differ by minutes, so the
 * result is clamped: not before an agent can be reached, and not later than a full notice from now.
 */
export const deadlineOf = (noticedAtMs: number, nowMs: number): number =>
  Math.min(Math.max(noticedAtMs + NOTICE_MS, nowMs + MIN_ANSWER_MS), nowMs + NOTICE_MS);

/** The shortest heartbeat an Auto Scaling group allows, in seconds; assumed if the real one is unknown. */
export const MIN_HEARTBEAT_SECONDS = 30;

/** Longest time to complete a hook: three attempts of the SDK and its pauses. */
export const COMPLETION_MS = 12_000;

/** The part of a heartbeat that is reserved for the completion and its retries, ms. */
const marginMs = (heartbeatMs: number): number => Math.max(10_000, heartbeatMs / 5);
/** The reserve when so little of the heartbeat is left that the usual one would give an agent no time to answer, ms. */
const MIN_MARGIN_MS = 5_000;

/**
 * Until when to hold a lifecycle hook, in epoch ms by our clock: its heartbeat less a margin, at most two minutes.
 *
 * Clocks may differ: an action that seems to lie in the future counts as new. An action whose heartbeat seems to be over is
 * held just long enough to reach an agent, which is within every heartbeat.
 *
 * @param noticedAtMs when the action began, by Auto Scaling's clock
 * @example holdUntil(nowMs, 60, nowMs) // nowMs + 48_000: a fifth of the heartbeat is reserved
 */
export function holdUntil(noticedAtMs: number, heartbeatSeconds: number, nowMs: number): number {
  const heartbeatMs = Math.max(heartbeatSeconds, MIN_HEARTBEAT_SECONDS) * 1000;
  const leftMs = noticedAtMs + heartbeatMs - nowMs;
  if (leftMs <= 0) return nowMs + MIN_ANSWER_MS;
  const usableMs = Math.min(leftMs, heartbeatMs) - marginMs(heartbeatMs);
  const leastMs = Math.max(0, Math.min(MIN_ANSWER_MS, leftMs - MIN_MARGIN_MS));
  return nowMs + Math.min(NOTICE_MS, Math.max(usableMs, leastMs));
}

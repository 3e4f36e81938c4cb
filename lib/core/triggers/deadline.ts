import { NOTICE_SECONDS } from '../policy/ending.ts';

/** A polling agent is reached within this, whatever a clock says. */
export const LEAST_MS = 15_000;

const NOTICE_MS = NOTICE_SECONDS * 1000;

/**
 * When what a notice announced comes to pass, in epoch ms by our clock. The clock of its writer may differ by minutes, so
 * the result is kept within what is possible: not before an agent can be reached, and not later than a whole notice from now.
 */
export const deadlineOf = (noticedAtMs: number, nowMs: number): number =>
  Math.min(Math.max(noticedAtMs + NOTICE_MS, nowMs + LEAST_MS), nowMs + NOTICE_MS);

/** The least heartbeat an Auto Scaling group allows, in seconds: what is assumed where it cannot be asked. */
export const LEAST_HEARTBEAT_SECONDS = 30;

/** Completing a hook takes no longer: three tries of the SDK and its pauses. */
export const COMPLETION_MS = 12_000;

/** This much of the heartbeat is left for the completion and its retries … */
const marginMs = (heartbeatMs: number): number => Math.max(10_000, heartbeatMs / 5);
/** … and this much where an agent would otherwise have no time at all. */
const LEAST_MARGIN_MS = 5_000;

/**
 * Until when, in epoch ms by our clock, a lifecycle hook may be held: its heartbeat less a margin, and never more than two
 * minutes, however long the hook would wait.
 *
 * Clocks may differ: an action that seems to come from the future counts as new, and one whose heartbeat seems to be over
 * is held just long enough to reach an agent, which is within every heartbeat.
 *
 * @param noticedAtMs when the action began, by Auto Scaling's clock
 */
export function holdUntil(noticedAtMs: number, heartbeatSeconds: number, nowMs: number): number {
  const heartbeatMs = Math.max(heartbeatSeconds, LEAST_HEARTBEAT_SECONDS) * 1000;
  const leftMs = noticedAtMs + heartbeatMs - nowMs;
  if (leftMs <= 0) return nowMs + LEAST_MS;
  const usableMs = Math.min(leftMs, heartbeatMs) - marginMs(heartbeatMs);
  const leastMs = Math.max(0, Math.min(LEAST_MS, leftMs - LEAST_MARGIN_MS));
  return nowMs + Math.min(NOTICE_MS, Math.max(usableMs, leastMs));
}

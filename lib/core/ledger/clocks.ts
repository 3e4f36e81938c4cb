/** How a trigger was detected: by an event, or by a sweep of the reconciler because no event had arrived. */
export type DetectedBy = 'event' | 'sweep';

/** When a query passed each stage, epoch ms: the first by AWS's clock, the others by ours. */
export interface Instants {
  readonly detectedBy: DetectedBy;
  readonly eventAtMs: number; // the trigger; for a sweep, not before the previous sweep began
  readonly receivedAtMs: number; // a function received the trigger
  readonly queuedAtMs: number;
  readonly deliveredAtMs?: number; // last delivery
  readonly answeredAtMs: number; // the first row about it arrived
  readonly storedAtMs?: number; // that row was stored
}

/** The durations between the stages. */
export const STAGES = [
  'eventToReceivedMs',
  'receivedToQueuedMs',
  'queuedToDeliveredMs',
  'deliveredToAnsweredMs',
  'answeredToStoredMs',
] as const;
export type Stage = (typeof STAGES)[number];

/** Duration of each stage and in total, ms; null if one of its ends is unknown. */
export interface StageClocks extends Readonly<Record<Stage, number | null>> {
  readonly timeToAnswerMs: number;
}

/** Computes the duration of each stage. Never negative, although AWS's clock and ours may differ. */
export function clocksOf(instants: Instants): StageClocks {
  const { eventAtMs, receivedAtMs, queuedAtMs, deliveredAtMs, answeredAtMs, storedAtMs } = instants;
  return {
    eventToReceivedMs: between(eventAtMs, receivedAtMs),
    receivedToQueuedMs: between(receivedAtMs, queuedAtMs),
    queuedToDeliveredMs: between(queuedAtMs, deliveredAtMs),
    deliveredToAnsweredMs: between(deliveredAtMs, answeredAtMs),
    answeredToStoredMs: between(answeredAtMs, storedAtMs),
    timeToAnswerMs: between(eventAtMs, answeredAtMs) ?? 0,
  };
}

const between = (fromMs: number | undefined, toMs: number | undefined): number | null =>
  fromMs === undefined || toMs === undefined ? null : Math.max(0, toMs - fromMs);

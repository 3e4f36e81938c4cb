/** Who told of it: EventBridge, or the reconciler, which found what no event had told. */
export type DetectedBy = 'event' | 'sweep';

/** When a question passed each stage: epoch ms, the first by AWS's clock, the others by ours. */
export interface Instants {
  readonly toldBy: DetectedBy;
  readonly eventAtMs: number; // what made us ask happened; for a sweep not before the one before it began
  readonly receivedAtMs: number; // a function of ours heard of it
  readonly queuedAtMs: number;
  readonly deliveredAtMs?: number; // handed to the agent, for the last time
  readonly answeredAtMs: number; // the first row about it came
  readonly storedAtMs?: number; // that row was durable
}

/** The ways between the stages. */
export const STAGES = [
  'eventToReceivedMs',
  'receivedToQueuedMs',
  'queuedToDeliveredMs',
  'deliveredToAnsweredMs',
  'answeredToStoredMs',
] as const;
export type Stage = (typeof STAGES)[number];

/** How long a question took on each way, and in all, ms; null where an end of it is not known. */
export interface StageClocks extends Readonly<Record<Stage, number | null>> {
  readonly timeToAnswerMs: number;
}

/** How long each way took. Never negative: AWS's clock and ours may differ. */
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

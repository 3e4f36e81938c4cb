import type { WorkloadRecord } from '../../core/ledger/workload.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When rows about a workload can have been stored, epoch ms: until a day after its end. Clocks may differ. */
export const spanOf = (
  { firstReceivedAtMs, stopped, occurredAtMs, receivedAtMs }: WorkloadRecord,
  nowMs: number,
): { readonly fromMs: number; readonly untilMs: number } => ({
  fromMs: firstReceivedAtMs - HOUR_MS,
  untilMs: stopped ? Math.min(nowMs, Math.max(occurredAtMs, receivedAtMs) + DAY_MS) + HOUR_MS : nowMs + HOUR_MS,
});

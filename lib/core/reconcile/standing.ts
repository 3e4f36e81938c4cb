import type { TaskList } from '../inventory/inventory.ts';
import { BEFORE_RUNNING, LOST_AFTER_MS } from '../ledger/verdict.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';

/** How the ledger stands to what AWS lists: `behind` wants a look, `under-way` has its event in somebody's hands. */
export type Standing = 'behind' | 'under-way' | 'settled';

/** An event that is unhandled for so long the sweep does again: a function's run and one retry are over by then. */
const REDONE_AFTER_MS = 3 * 60_000;

/** What the ledger lacks about a task on this list. @param record undefined where it has never heard of it */
export function standingOf(record: WorkloadRecord | undefined, list: TaskList, nowMs: number): Standing {
  if (!record) return 'behind';
  if (list === 'STOPPED' && !record.stopped) return 'behind';
  if (isUnhandled(record)) return isOverdue(record, nowMs) ? 'behind' : 'under-way';
  if (list === 'STOPPED') return 'settled';
  // The list is older than what an event has told since.
  if (record.desiredStatus === 'STOPPED') return 'under-way';
  return BEFORE_RUNNING.has(record.lastStatus) || startsStill(record) ? 'behind' : 'settled';
}

/** Whether the ledger should hear that it is still there: well before it counts as lost. */
export const wantsSign = ({ stopped, lastSignAtMs }: WorkloadRecord, nowMs: number): boolean =>
  !stopped && nowMs - lastSignAtMs >= LOST_AFTER_MS / 2;

/** The container instance it runs on, where nobody knows yet which host that is. */
export const strayOf = ({ stopped, handling, identity }: WorkloadRecord): string | undefined =>
  stopped || !handling || handling.host ? undefined : identity.container_instance;

export const isUnhandled = ({ handledVersion, version }: WorkloadRecord): boolean => handledVersion < version;

/** Whether an unhandled record has been so for too long. */
export const isOverdue = (record: WorkloadRecord, nowMs: number): boolean =>
  isUnhandled(record) && nowMs - record.receivedAtMs >= REDONE_AFTER_MS;

/** A container without an id may have got one since. */
const startsStill = ({ containers }: WorkloadRecord): boolean =>
  containers.some(
    ({ runtimeId, unsafeId, lastStatus }) => runtimeId === undefined && !unsafeId && lastStatus !== 'STOPPED',
  );

import type { TaskList } from '../inventory/inventory.ts';
import { BEFORE_RUNNING, LOST_AFTER_MS } from '../ledger/verdict.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';

/** The ledger's record compared with AWS's list: `behind` must be described, `under-way` has an event being handled. */
export type Standing = 'behind' | 'under-way' | 'settled';

/** After this time the sweep handles an unhandled event again. Its first invocation and one retry are over by then. */
const REDONE_AFTER_MS = 3 * 60_000;

/** Compares the record of a task with the list it is on. @param record undefined if the ledger has none */
export function standingOf(record: WorkloadRecord | undefined, list: TaskList, nowMs: number): Standing {
  if (!record) return 'behind';
  if (list === 'STOPPED' && !record.stopped) return 'behind';
  if (isUnhandled(record)) return isOverdue(record, nowMs) ? 'behind' : 'under-way';
  if (list === 'STOPPED') return 'settled';
  // The list is older than the latest event.
  if (record.desiredStatus === 'STOPPED') return 'under-way';
  return BEFORE_RUNNING.has(record.lastStatus) || isStarting(record) ? 'behind' : 'settled';
}

/** Whether to record that the workload is alive: well before it counts as lost. */
export const wantsSign = ({ stopped, lastSignAtMs }: WorkloadRecord, nowMs: number): boolean =>
  !stopped && nowMs - lastSignAtMs >= LOST_AFTER_MS / 2;

/** The container instance of a task whose host is still unknown; undefined otherwise. */
export const unresolvedHostOf = ({ stopped, handling, identity }: WorkloadRecord): string | undefined =>
  stopped || !handling || handling.host ? undefined : identity.container_instance;

export const isUnhandled = ({ handledVersion, version }: WorkloadRecord): boolean => handledVersion < version;

/** Whether a record is unhandled for too long. */
export const isOverdue = (record: WorkloadRecord, nowMs: number): boolean =>
  isUnhandled(record) && nowMs - record.receivedAtMs >= REDONE_AFTER_MS;

/** Whether a container had no id yet. It may have one by now, so the task is described again. */
const isStarting = ({ containers }: WorkloadRecord): boolean =>
  containers.some(
    ({ runtimeId, unsafeId, lastStatus }) => runtimeId === undefined && !unsafeId && lastStatus !== 'STOPPED',
  );

import type { Life } from '../../console/api.ts';
import { clusterOf } from '../../core/ledger/coverage.ts';
import { verdictOf } from '../../core/ledger/verdict.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';

/** A record of the ledger as the console shows it. */
export function lifeOf(record: WorkloadRecord, nowMs: number): Life {
  const { workload, identity, handling, firstEventAtMs, times = {}, kind } = record;
  const verdict = verdictOf(record, nowMs);
  const startedAtMs = times.startedAtMs ?? (kind === 'ec2-instance' ? firstEventAtMs : startOfSeen(record));
  return {
    workload,
    family: identity.task_family ?? identity.instance_type ?? kind,
    cluster: clusterOf(record) ?? undefined,
    host: handling?.host,
    firstAtMs: Math.min(times.createdAtMs ?? firstEventAtMs, startedAtMs ?? firstEventAtMs),
    startedAtMs,
    endedAtMs: record.stopped ? (times.executionStoppedAtMs ?? times.stoppedAtMs ?? record.occurredAtMs) : undefined,
    queuedAtMs: handling?.firstQuery?.queuedAtMs,
    deliveredAtMs: record.deliveredAtMs,
    answeredAtMs: record.firstAnswerAtMs,
    verdict: verdict.verdict,
    reason: verdict.verdict === 'missed' ? verdict.reason : undefined,
  };
}

/** The start of a task whose events lack it: when its first container started according to rows, or its first event. */
function startOfSeen({ facts, firstEventAtMs, lastStatus, subjects, stopped }: WorkloadRecord): number | undefined {
  const starts = Object.values(facts).flatMap(({ startedAtMs }) => startedAtMs ?? []);
  if (starts.length > 0) return Math.min(...starts);
  return subjects.length > 0 && (lastStatus === 'RUNNING' || stopped) ? firstEventAtMs : undefined;
}

/** Whether the life can no longer change, so that its record need not be read again. */
export function isSettled(record: WorkloadRecord, nowMs: number): boolean {
  if (!record.stopped) return false;
  const { verdict } = verdictOf(record, nowMs);
  if (verdict === 'seen' || verdict === 'never-started') return true;
  return verdict !== 'pending' && nowMs > record.lastSignAtMs + LATE_ANSWERS_MS;
}

/** A late answer may still turn a miss into a sighting; after this time the console no longer waits for one. */
const LATE_ANSWERS_MS = 30 * 60_000;

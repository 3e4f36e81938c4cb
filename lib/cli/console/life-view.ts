import type { LifeSubject, LifeView } from '../../console/api.ts';
import { adviceOn } from '../../core/ledger/advice.ts';
import { verdictOf } from '../../core/ledger/verdict.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import { hostFacts, type InstanceFacts } from '../ledger/instance-facts.ts';
import { subjectsOf, timelineOf } from '../ledger/task.ts';
import { lifeOf } from './life.ts';

/** One workload with its timeline, and its containers: what `mayfly task` shows. */
export function lifeView(record: WorkloadRecord, instance: InstanceFacts | undefined, nowMs: number): LifeView {
  const verdict = verdictOf(record, nowMs);
  const known = Object.entries({ ...record.identity, host: record.handling?.host ?? 'unknown' }).sort();
  return {
    life: lifeOf(record, nowMs),
    advice: verdict.verdict === 'missed' ? adviceOn(verdict.reason, record) : undefined,
    facts: record.kind === 'ecs-task' ? [...known, ...hostFacts(instance)] : known,
    moments: timelineOf(record),
    subjects: subjectsOf(record).map(factsOfSubject),
  };
}

type Subject = ReturnType<typeof subjectsOf>[number];

function factsOfSubject({ name, seen, ...facts }: Subject): LifeSubject {
  const { command, image, imageDigest, exitCode, reason, startedAt, finishedAt, runtimeId } = facts;
  const shown: Readonly<Record<string, string | number | undefined>> = {
    id: runtimeId,
    image,
    digest: imageDigest,
    command,
    started: startedAt,
    ended: finishedAt,
    'exit code': exitCode,
    reason,
  };
  return {
    name,
    seen,
    facts: Object.entries(shown).flatMap(([fact, value]) => (value === undefined ? [] : [[fact, String(value)]])),
  };
}

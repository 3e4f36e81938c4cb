import type { Decorations } from '../decorations.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { asIfRunning, type CompiledPolicy } from '../policy/compiled-policy.ts';
import { isStopSignal } from '../policy/ending.ts';
import { lastGaspQueriesOf, postMortemQueriesOf, type RuleQueries, ruleQueriesOf } from '../policy/rule-queries.ts';
import type { Cause } from '../queue/ask.ts';

import { deadlineOf } from './deadline.ts';
import { fieldsOf, listOf } from './fields.ts';
import { containerDecorations, type TaskEvent } from './task.ts';

/** Ids that no returned row has named yet. */
export const unseen = ({ subjects, seenLive, seenPostMortem }: WorkloadRecord): string[] =>
  subjects.filter((id) => !seenLive.includes(id) && !seenPostMortem.includes(id));

/** After RUNNING and before STOPPED. An event may get lost: then these ask what RUNNING would have asked. */
const WINDING_DOWN = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING']);

/** What the policy asks about a task in this state; once all its containers were seen, only the last gasp. */
export function askingsFor(record: WorkloadRecord, raw: unknown, policy: CompiledPolicy, nowMs: number): RuleQueries[] {
  const secondsLeft = Math.floor((deadlineOf(record.occurredAtMs, nowMs) - nowMs) / 1000);
  const lastGasps = isStopSignal(record)
    ? policy.lastGaspRules(raw).map((rule) => lastGaspQueriesOf(rule, secondsLeft))
    : [];
  if (record.subjects.length > 0 && unseen(record).length === 0) return lastGasps;
  const onHost = (asking: RuleQueries): boolean => asking.rule.target === 'ecs-task-host';
  if (record.stopped) {
    // Of a rule on any state that has both sets, the post-mortem one takes the other's place.
    const rules = policy.eventRules(raw).filter((rule) => rule.postMortem.length === 0);
    const ended = rules.map((rule) => ruleQueriesOf(rule, 'post-mortem'));
    return [...ended, ...policy.postMortemRules(raw).map(postMortemQueriesOf)].filter(onHost);
  }
  const missedStart =
    WINDING_DOWN.has(record.lastStatus) && !record.handling?.queryKeys.some(({ set }) => set === 'live');
  const live = policy
    .eventRules(missedStart ? asIfRunning(raw) : raw)
    .map((rule) => ruleQueriesOf(rule, 'live'))
    .filter(onHost);
  return [...lastGasps, ...live];
}

/** The event with the container ids that it leaves out and earlier ones told: queries bind what they ask about from it. */
function withKnown(raw: unknown, { containers }: WorkloadRecord): unknown {
  const detail = fieldsOf(fieldsOf(raw).detail);
  const told = new Map(listOf(detail.containers).map((container) => [container.name, container]));
  const untold = containers.filter(({ name, runtimeId }) => runtimeId !== undefined && !told.get(name)?.runtimeId);
  if (untold.length === 0) return raw;
  for (const container of untold)
    told.set(container.name, { ...container, ...told.get(container.name), runtimeId: container.runtimeId });
  return { ...fieldsOf(raw), detail: { ...detail, containers: [...told.values()] } };
}

/** What the questions of this event are asked for, and with what their rows are decorated. */
export const causeOf = (event: TaskEvent, record: WorkloadRecord, machine: Decorations | undefined): Cause => ({
  key: `${record.workload} ${[...record.subjects].sort().join(' ')}`,
  trigger: withKnown(event.raw, record),
  workload: record.workload,
  subjects: record.subjects,
  decorations: { ...machine, ...record.identity },
  subjectDecorations: containerDecorations(record),
  triggeredAtMs: event.occurredAtMs,
  receivedAtMs: record.receivedAtMs,
  detectedBy: record.detectedBy,
});

import type { Decorations } from '../decorations.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { asIfRunning, type CompiledPolicy } from '../policy/compiled-policy.ts';
import { isStopSignal } from '../policy/ending.ts';
import { lastGaspQueriesOf, postMortemQueriesOf, type RuleQueries, ruleQueriesOf } from '../policy/rule-queries.ts';
import type { Cause } from '../queue/ask.ts';

import { deadlineOf } from './deadline.ts';
import { fieldsOf, listOf } from './fields.ts';
import { containerDecorations, type TaskEvent } from './task.ts';

/** Ids that no returned row has named so far. */
export const unseen = ({ subjects, seenLive, seenPostMortem }: WorkloadRecord): string[] =>
  subjects.filter((id) => !seenLive.includes(id) && !seenPostMortem.includes(id));

/** Statuses between RUNNING and STOPPED. If the RUNNING event was lost, they match the rules it would have matched. */
const WINDING_DOWN = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING']);

/** The rules and queries that apply to a task in this state; only last gasps once all its containers were seen. */
export function ruleQueriesFor(
  record: WorkloadRecord,
  raw: unknown,
  policy: CompiledPolicy,
  nowMs: number,
): RuleQueries[] {
  const secondsLeft = Math.floor((deadlineOf(record.occurredAtMs, nowMs) - nowMs) / 1000);
  const lastGasps = isStopSignal(record)
    ? policy.lastGaspRules(raw).map((rule) => lastGaspQueriesOf(rule, secondsLeft))
    : [];
  if (record.subjects.length > 0 && unseen(record).length === 0) return lastGasps;
  const onHost = ({ rule }: RuleQueries): boolean => rule.target === 'ecs-task-host';
  if (record.stopped) {
    // A rule that matches any state and has both sets uses the post-mortem set only.
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

/** Adds container ids from earlier events that this event omits: queries bind their ids from it. */
function withKnown(raw: unknown, { containers }: WorkloadRecord): unknown {
  const detail = fieldsOf(fieldsOf(raw).detail);
  const named = new Map(listOf(detail.containers).map((container) => [container.name, container]));
  const omitted = containers.filter(({ name, runtimeId }) => runtimeId !== undefined && !named.get(name)?.runtimeId);
  if (omitted.length === 0) return raw;
  for (const container of omitted)
    named.set(container.name, { ...container, ...named.get(container.name), runtimeId: container.runtimeId });
  return { ...fieldsOf(raw), detail: { ...detail, containers: [...named.values()] } };
}

/** The cause of this event's queries, with the decorations of their rows. */
export const causeOf = (event: TaskEvent, record: WorkloadRecord, instance: Decorations | undefined): Cause => ({
  key: `${record.workload} ${[...record.subjects].sort().join(' ')}`,
  trigger: withKnown(event.raw, record),
  workload: record.workload,
  subjects: record.subjects,
  decorations: { ...instance, ...record.identity },
  subjectDecorations: containerDecorations(record),
  triggeredAtMs: event.occurredAtMs,
  receivedAtMs: record.receivedAtMs,
  detectedBy: record.detectedBy,
});

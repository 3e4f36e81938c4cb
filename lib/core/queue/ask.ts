import type { Decorations } from '../decorations.ts';
import type { DetectedBy } from '../ledger/clocks.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { ANSWER_GRACE_MS } from '../ledger/pending-key.ts';
import type { Handling, Poller } from '../ledger/workload.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import { bind } from '../policy/binding.ts';
import type { Limits, Platform } from '../policy/policy.ts';
import { listsAreIds, priorityOf, type Refusal, type RuleQueries } from '../policy/rule-queries.ts';
import type { Report } from '../report.ts';
import { addWithinLimits, type Dropped } from './add-within-limits.ts';
import { digestOf } from './digest.ts';
import type { HostQueue } from './host-queue.ts';
import { onPlatform, platformOf } from './on-platform.ts';
import type { Asker, PendingQuery } from './pending-query.ts';

/** What a trigger gives to the queries it asks for. */
export interface Cause {
  /** Makes the ids: task and containers, instance and launch time, host and enrollment, the id of an event. */
  readonly key: string;
  /** What JMESPath sees. */
  readonly trigger: unknown;
  readonly workload?: string;
  /** The name by which the host was found, where it goes by another. */
  readonly alias?: string;
  /** Ids that a returned row may prove. */
  readonly subjects: readonly string[];
  readonly decorations: Decorations;
  readonly subjectDecorations?: Readonly<Record<string, Decorations>>;
  readonly triggeredAtMs: number;
  readonly receivedAtMs: number; // when we heard of it
  /** Who told of it. @default - an event */
  readonly toldBy?: DetectedBy;
  readonly places?: Asker['places'];
}

export interface AskDeps {
  readonly queue: HostQueue;
  readonly registry: NodeRegistry;
  readonly ledger: Ledger;
  readonly report: Report;
  readonly now: () => number; // epoch ms
}

/**
 * The queries these rules ask a host on one trigger, in rule order, and what was refused. Ids come from cause, rule and
 * query alone, so a trigger delivered twice yields the same ids. Never throws for what an event holds.
 */
export function questions(
  host: string,
  askings: readonly RuleQueries[],
  cause: Cause,
  nowMs: number,
): { readonly queries: PendingQuery[]; readonly refusals: Refusal[] } {
  const queries: PendingQuery[] = [];
  const refusals: Refusal[] = [];
  for (const asking of askings) {
    const { rule, set, expiresSeconds } = asking;
    for (const query of asking.queries) {
      const bound = bind(query, cause.trigger, listsAreIds(rule, query));
      const refuse = (problem: string): number => refusals.push({ rule: rule.name, query: query.name, problem });
      if (!bound.ok) {
        refuse(bound.problem);
        continue;
      }
      if (bound.refused.length > 0) refuse('unsafe-id');
      queries.push({
        queryId: digestOf(cause.key, rule.name, set, query.name),
        host,
        priority: priorityOf(asking, query),
        rule: rule.name,
        query: query.name,
        set,
        sql: query.sql,
        bindings: bound.bindings,
        ...(query.evidence ? { evidence: query.evidence } : {}),
        ...(query.discovery ? { discovery: query.discovery } : {}),
        platforms: query.platforms,
        ...(cause.workload ? { workload: cause.workload } : {}),
        alias: cause.alias,
        subjects: cause.subjects,
        decorations: cause.decorations,
        subjectDecorations: cause.subjectDecorations ?? {},
        // A clock that is ahead would make every answer a quick one.
        triggeredAtMs: Math.min(cause.triggeredAtMs, cause.receivedAtMs),
        receivedAtMs: cause.receivedAtMs,
        ...(cause.toldBy ? { toldBy: cause.toldBy } : {}),
        ...(cause.places ? { places: cause.places } : {}),
        queuedAtMs: nowMs,
        expiresAtMs: nowMs + expiresSeconds * 1000,
      });
    }
  }
  return { queries, refusals };
}

/** What is to be asked of a host, and what could not be asked. */
export interface Wanted {
  readonly queries: readonly PendingQuery[];
  readonly refusals: readonly Refusal[];
  /** @default - as the host's record says */
  readonly platform?: Platform | 'unknown';
}

/**
 * Queues queries for a host within the limits, and heats it. What a limit drops, and what could not be bound, is in the
 * ledger and in the log, never silent.
 *
 * @param leaving ids of queries that wait and will be taken back: their places are free
 * @returns the queries that wait now
 */
export async function enqueue(
  host: string,
  wanted: Wanted,
  limits: Limits,
  heatSeconds: number,
  deps: AskDeps,
  workload?: string,
  leaving: ReadonlySet<string> = new Set(),
): Promise<PendingQuery[]> {
  const { queue, registry, ledger, report, now } = deps;
  const { queries, refusals } = await answerable(host, wanted, deps);
  // A storm of rows may ask one thing thousands of times: each reason is told once, with its number.
  for (const [{ rule, query, problem }, count] of counted(refusals)) {
    report('query_refused', { host, workload: workload ?? null, rule, query, problem, count });
    if (problem.startsWith('unsafe')) await ledger.recordTrouble(workload, 'unsafe-id');
    if (problem === 'too-large') await ledger.recordTrouble(workload, 'too-large');
    // Where another query can prove it, that one makes the verdict.
    const isProvable = queries.some(({ evidence }) => evidence !== undefined);
    if (problem === 'not-on-platform' && !isProvable) await ledger.recordTrouble(workload, 'not-on-platform');
  }
  if (queries.length === 0) return [];
  const { queued, dropped } = await addWithinLimits(host, queries, { queue, limits, leaving, now });
  for (const [{ rule, query, limit }, count] of counted(dropped.map(dropOf)))
    report('query_dropped', { host, rule, query, limit, count });
  // Two notices of one end: what the first of them asked a moment ago is all there is to know.
  const limited = dropped.filter(({ query }) => query.set !== 'last-gasp');
  for (const troubled of new Set(limited.map(({ query }) => query.workload)))
    await ledger.recordTrouble(troubled, 'limited');
  if (queued.length > 0 && heatSeconds > 0) await registry.accelerate(host, now() + heatSeconds * 1000);
  return queued;
}

const dropOf = ({ query: { rule, query }, limit }: Dropped) => ({ rule, query, limit });

/** Equal ones together, with how many there are, in the order of the first of each. */
function counted<T extends object>(items: readonly T[]): (readonly [item: T, count: number])[] {
  const groups = new Map<string, [T, number]>();
  for (const item of items) {
    const key = JSON.stringify(item);
    const group = groups.get(key);
    if (group) group[1] += 1;
    else groups.set(key, [item, 1]);
  }
  return [...groups.values()];
}

/** What the host's platform has the tables for; hosts are looked up only for questions that are not for every platform. */
async function answerable(host: string, wanted: Wanted, { registry }: AskDeps) {
  if (!wanted.queries.some(({ platforms }) => platforms)) return wanted;
  const { platform = platformOf((await registry.find(host))?.identity.platform) } = wanted;
  return onPlatform(wanted, platform === 'unknown' ? undefined : platform);
}

/** Until when answers to these queries are waited for, in epoch ms; 0 where there are none. */
export const settleByMsOf = (queries: readonly PendingQuery[]): number =>
  Math.max(0, ...queries.map(({ expiresAtMs }) => expiresAtMs + ANSWER_GRACE_MS));

/**
 * When what was asked about a workload: as known before, and what was queued just now.
 *
 * @param poller the agent that lives on its host
 */
export function firstAskedOf(
  before: Handling | undefined,
  queries: readonly PendingQuery[],
  poller?: Poller,
): Pick<Handling, 'firstAsked' | 'askings'> {
  const { firstAsked, askings = [] } = before ?? {};
  const [first] = queries;
  if (!first) return { ...(firstAsked ? { firstAsked } : {}), askings };
  const { triggeredAtMs: eventAtMs, receivedAtMs, queuedAtMs, toldBy = 'event' } = first;
  const sets = [...new Set(queries.map(({ set }) => set))];
  const news = sets.map((set) => ({ set, atMs: queuedAtMs, queries: queries.filter((one) => one.set === set).length }));
  return {
    firstAsked: firstAsked ?? { eventAtMs, receivedAtMs, queuedAtMs, toldBy, ...(poller ? { poller } : {}) },
    askings: [...askings, ...news],
  };
}

import type { Decorations } from '../decorations.ts';
import { grouped } from '../grouped.ts';
import type { DetectedBy } from '../ledger/clocks.ts';
import type { Sightings } from '../ledger/ledger.ts';
import { ANSWER_GRACE_MS } from '../ledger/pending-key.ts';
import type { Handling, Poller } from '../ledger/workload.ts';
import type { NodeRegistry, NodeState } from '../nodes/registry.ts';
import { bind } from '../policy/binding.ts';
import type { Limits, Platform } from '../policy/policy.ts';
import { listsAreIds, priorityOf, type Refusal, type RuleQueries } from '../policy/rule-queries.ts';
import type { Report } from '../reports/report.ts';
import { addWithinLimits, type Dropped } from './add-within-limits.ts';
import { digestOf } from './digest.ts';
import type { HostQueue } from './host-queue.ts';
import { onPlatform, platformOf } from './on-platform.ts';
import type { Asker, PendingQuery } from './pending-query.ts';
import { type Queued, recordQueued } from './queued.ts';

/** What the queries of one trigger have in common. */
export interface Cause {
  /** Query ids derive from it: task and containers, instance and launch time, host and enrollment, or an event id. */
  readonly key: string;
  /** The document that JMESPath bindings read. */
  readonly trigger: unknown;
  readonly workload?: string;
  /** The alias that led to the host. @default - the host was named by its own identifier */
  readonly alias?: string;
  /** Ids that a returned row may prove. */
  readonly subjects: readonly string[];
  readonly decorations: Decorations;
  readonly subjectDecorations?: Readonly<Record<string, Decorations>>;
  readonly triggeredAtMs: number;
  readonly receivedAtMs: number; // when Mayfly received it
  /** How Mayfly learned of it. @default - by an event */
  readonly detectedBy?: DetectedBy;
  readonly fanOutIds?: Asker['fanOutIds'];
}

export interface AskDeps {
  readonly queue: HostQueue;
  readonly registry: NodeRegistry & NodeState;
  readonly ledger: Sightings;
  readonly report: Report;
  /** Collects what is queued, for the log line of the event. @default - a line for each host */
  readonly queued?: Queued[];
  readonly now: () => number; // epoch ms
}

/** Queries for a host, and those that could not be bound. */
export interface BoundQueries {
  readonly queries: readonly PendingQuery[];
  readonly refusals: readonly Refusal[];
}

/**
 * Binds the queries of these rules for one host and one trigger, in rule order. Ids derive from cause, rule and query
 * alone, so a trigger delivered twice yields the same ids. Never throws on the content of an event.
 */
export function queriesFor(host: string, rules: readonly RuleQueries[], cause: Cause, nowMs: number): BoundQueries {
  const bound = rules.flatMap((of) => of.queries.map((query) => bindFor(host, { ...of, query }, cause, nowMs)));
  return {
    queries: bound.flatMap(({ pending }) => pending ?? []),
    refusals: bound.flatMap(({ refusal }) => refusal ?? []),
  };
}

/** One query of a rule. */
interface RuleQuery extends Omit<RuleQueries, 'queries'> {
  readonly query: RuleQueries['queries'][number];
}

/** The pending query, or why there is none; both when only some of its ids are unsafe. */
function bindFor(
  host: string,
  of: RuleQuery,
  cause: Cause,
  nowMs: number,
): { readonly pending?: PendingQuery; readonly refusal?: Refusal } {
  const { rule, set, query, expiresSeconds } = of;
  const bound = bind(query, cause.trigger, listsAreIds(rule, query));
  const refusalOf = (problem: string): Refusal => ({ rule: rule.name, query: query.name, problem });
  if (!bound.ok) return { refusal: refusalOf(bound.problem) };
  const pending: PendingQuery = {
    queryId: digestOf(cause.key, rule.name, set, query.name),
    host,
    priority: priorityOf(of, query),
    rule: rule.name,
    query: query.name,
    set,
    sql: query.sql,
    bindings: bound.bindings,
    evidence: query.evidence,
    discovery: query.discovery,
    platforms: query.platforms,
    workload: cause.workload,
    alias: cause.alias,
    subjects: cause.subjects,
    decorations: cause.decorations,
    subjectDecorations: cause.subjectDecorations ?? {},
    // A source whose clock is ahead must not make answers look faster than they were.
    triggeredAtMs: Math.min(cause.triggeredAtMs, cause.receivedAtMs),
    receivedAtMs: cause.receivedAtMs,
    detectedBy: cause.detectedBy,
    fanOutIds: cause.fanOutIds,
    queuedAtMs: nowMs,
    expiresAtMs: nowMs + expiresSeconds * 1000,
  };
  return { pending, refusal: bound.refused.length > 0 ? refusalOf('unsafe-id') : undefined };
}

/** What a trigger wants from a host. */
export interface Wanted extends BoundQueries {
  /** @default - the platform in the host's node record */
  readonly platform?: Platform | 'unknown';
}

/** How queries are queued. */
export interface EnqueueOptions {
  readonly limits: Limits;
  /** For how long the host polls fast once something is queued; 0 leaves its interval alone. */
  readonly heatSeconds: number;
  /** Until when the host polls fast already. @default - unknown */
  readonly hotUntilMs?: number;
  /** The workload whose ledger record notes refusals. @default - none */
  readonly workload?: string;
  /** Ids of pending queries that will be withdrawn; they do not count against the limits. @default - none */
  readonly withdrawn?: ReadonlySet<string>;
}

/**
 * Queues queries for a host within the limits and accelerates its polls. Refused and dropped queries appear in the
 * ledger and in the log.
 *
 * @returns the queries that are pending now
 */
export async function enqueue(
  host: string,
  wanted: Wanted,
  { limits, heatSeconds, hotUntilMs, workload, withdrawn = new Set() }: EnqueueOptions,
  deps: AskDeps,
): Promise<PendingQuery[]> {
  const { queue, now } = deps;
  const answerable = await answerableOn(host, wanted, deps);
  const { queries } = answerable;
  await recordRefusals(host, workload, answerable, deps);
  if (queries.length === 0) return [];
  const { queued, dropped } = await addWithinLimits(host, queries, { queue, limits, withdrawn, now });
  await recordDropped(host, dropped, deps);
  recordQueued(host, queued, deps);
  if (queued.length > 0 && heatSeconds > 0) await accelerate(host, heatSeconds, hotUntilMs, deps);
  return queued;
}

/**
 * Makes a host poll fast for this long. A task start has several events within seconds; so a host that already polls fast for
 * nine tenths of that time is left alone.
 */
export async function accelerate(
  host: string,
  heatSeconds: number,
  hotUntilMs: number | undefined,
  { registry, now }: AskDeps,
): Promise<void> {
  if ((hotUntilMs ?? 0) >= now() + heatSeconds * 900) return;
  await registry.accelerate(host, now() + heatSeconds * 1000);
}

async function recordRefusals(
  host: string,
  workload: string | undefined,
  { queries, refusals }: BoundQueries,
  { ledger, report }: AskDeps,
): Promise<void> {
  // Thousands of log rows may lead to the same refusal: one report each, with a count.
  for (const [{ rule, query, problem }, count] of counted(refusals)) {
    report('query_refused', { host, workload: workload ?? null, rule, query, problem, count });
    if (problem.startsWith('unsafe')) await ledger.recordTrouble(workload, 'unsafe-id');
    if (problem === 'too-large') await ledger.recordTrouble(workload, 'too-large');
    // If another query can still prove the workload, that one decides the verdict.
    const isProvable = queries.some(({ evidence }) => evidence !== undefined);
    if (problem === 'not-on-platform' && !isProvable) await ledger.recordTrouble(workload, 'not-on-platform');
  }
}

async function recordDropped(host: string, dropped: readonly Dropped[], { ledger, report }: AskDeps): Promise<void> {
  for (const [{ rule, query, limit }, count] of counted(dropped.map(dropOf)))
    report('query_dropped', { host, rule, query, limit, count });
  // Two notices may announce the same end. The queries of the first one suffice, so dropping the second is no loss.
  const limited = dropped.filter(({ query }) => query.set !== 'last-gasp');
  for (const workload of new Set(limited.map(({ query }) => query.workload)))
    await ledger.recordTrouble(workload, 'limited');
}

const dropOf = ({ query: { rule, query }, limit }: Dropped) => ({ rule, query, limit });

/** Groups equal items and counts them, in the order of their first occurrence. */
function counted<T extends object>(items: readonly T[]): (readonly [item: T, count: number])[] {
  return [...grouped(items, (item) => JSON.stringify(item)).values()].flatMap((group) => {
    const [first] = group;
    return first ? [[first, group.length] as const] : [];
  });
}

/** Leaves out queries that the host's platform has no tables for. Reads the node only if a query is platform-specific. */
async function answerableOn(host: string, wanted: Wanted, { registry }: AskDeps): Promise<BoundQueries> {
  if (!wanted.queries.some(({ platforms }) => platforms)) return wanted;
  const { platform = platformOf((await registry.find(host))?.identity.platform) } = wanted;
  return onPlatform(wanted, platform === 'unknown' ? undefined : platform);
}

/** The latest instant at which an answer to these queries still counts, epoch ms; 0 if there are no queries. */
export const settleByMsOf = (queries: readonly PendingQuery[]): number =>
  Math.max(0, ...queries.map(({ expiresAtMs }) => expiresAtMs + ANSWER_GRACE_MS));

/**
 * The clocks of a workload's queries: those already known, and those queued just now.
 *
 * @param poller the agent on its host
 */
export function firstQueryOf(
  before: Handling | undefined,
  queries: readonly PendingQuery[],
  poller?: Poller,
): Pick<Handling, 'firstQuery' | 'queryCounts'> {
  const { firstQuery, queryCounts = [] } = before ?? {};
  const [first] = queries;
  if (!first) return { firstQuery, queryCounts };
  const { triggeredAtMs: eventAtMs, receivedAtMs, queuedAtMs, detectedBy = 'event' } = first;
  const sets = [...new Set(queries.map(({ set }) => set))];
  const news = sets.map((set) => ({ set, atMs: queuedAtMs, queries: queries.filter((one) => one.set === set).length }));
  return {
    firstQuery: firstQuery ?? { eventAtMs, receivedAtMs, queuedAtMs, detectedBy, poller },
    queryCounts: [...queryCounts, ...news],
  };
}

import { factsOf, type NodeDirectory } from '../nodes/directory.ts';
import type { Node } from '../nodes/node.ts';
import type { CompiledPolicy, LogRow } from '../policy/compiled-policy.ts';
import type { PolicyRule } from '../policy/policy.ts';
import { heatSecondsOf, type Refusal, type RuleQueries, ruleQueriesOf } from '../policy/rule-queries.ts';
import { type AskDeps, enqueue, queriesFor } from '../queue/ask.ts';
import type { PendingQuery } from '../queue/pending-query.ts';
import type { LogLine } from '../results/lines.ts';

export interface LogRuleDeps extends AskDeps {
  readonly directory: NodeDirectory;
}

/**
 * How many rows at once may queue queries; more than may wait for a host. One line of an agent can hold hundreds of thousands of
 * rows, and a function could neither keep a query for each nor finish in time.
 */
const MAX_MATCHES = 2_000;

/** A row with matching rules, and its line. */
interface Match {
  readonly line: LogLine;
  readonly index: number; // of the row in its line
  readonly row: LogRow;
  readonly rules: readonly PolicyRule[];
}

/**
 * Applies log rules to rows of a node's result log and queues the queries for that node: for example, a `process_events` row
 * about a container start queues a query about the container. Also records the configuration hash found in rows, which
 * reveals drift.
 *
 * @param lines lines that were not processed before
 * @returns the number of queued queries
 */
export async function askOnLog(
  node: Node,
  lines: readonly LogLine[],
  policy: CompiledPolicy,
  deps: LogRuleDeps,
): Promise<number> {
  const { matches, left, configHash } = matchesIn(lines, policy);
  if (configHash) await deps.directory.recordConfigHash(node.host, configHash);
  if (matches.length === 0) return 0;
  reportLeft(node.host, left, deps);
  const { wanted, matched } = wantedBy(node, matches, deps.now());
  const options = { limits: policy.policy.limits, heatSeconds: heatSecondsOf(matched) };
  const queued = await enqueue(node.host, wanted, options, deps);
  return queued.length;
}

/** The rows that queue queries, how many more match each rule, and the last configuration hash. */
function matchesIn(lines: readonly LogLine[], policy: CompiledPolicy) {
  const matches: Match[] = [];
  const left = new Map<PolicyRule, number>();
  let configHash: string | undefined;
  for (const at of everyRow(lines)) {
    const { row } = at;
    if (row.action !== 'removed' && isHash(row.columns.config_hash)) configHash = row.columns.config_hash;
    const rules = policy.logRules(row);
    if (matches.length === MAX_MATCHES) for (const rule of rules) left.set(rule, (left.get(rule) ?? 0) + 1);
    else if (rules.length > 0) matches.push({ ...at, rules });
  }
  return { matches, left, configHash };
}

function* everyRow(lines: readonly LogLine[]): Generator<Omit<Match, 'rules'>> {
  for (const line of lines) for (const [index, row] of rowsOf(line.line).entries()) yield { line, index, row };
}

/** Reports the matching rows that queued nothing because there were too many. */
function reportLeft(host: string, left: ReadonlyMap<PolicyRule, number>, { report }: Pick<AskDeps, 'report'>): void {
  for (const [rule, count] of left)
    for (const { name } of rule.queries)
      report('query_dropped', { host, rule: rule.name, query: name, limit: 'rowsAtOnce', count });
}

/** The queries of the matching rows. */
function wantedBy(node: Node, matches: readonly Match[], nowMs: number) {
  const facts = factsOf(node, nowMs);
  const wanted: { queries: PendingQuery[]; refusals: Refusal[] } = { queries: [], refusals: [] };
  const matched = new Map<string, RuleQueries>();
  for (const { line, index, row, rules } of matches) {
    const cause = {
      key: `log ${node.host} ${line.id} ${index}`,
      trigger: { node: facts, query: row.query, action: row.action, columns: row.columns },
      subjects: [],
      decorations: { log_query: row.query },
      triggeredAtMs: timeOf(line.line, nowMs),
      receivedAtMs: nowMs,
    };
    for (const rule of rules) {
      const ruleQueries = matched.get(rule.name) ?? ruleQueriesOf(rule, 'log');
      matched.set(rule.name, ruleQueries);
      const { queries, refusals } = queriesFor(node.host, [ruleQueries], cause, nowMs);
      for (const query of queries) wanted.queries.push(query);
      for (const refusal of refusals) wanted.refusals.push(refusal);
    }
  }
  return { wanted, matched: [...matched.values()] };
}

// The name becomes part of every query its row triggers; no policy schedules a longer one.
const MAX_NAME = 500;

/** The rows of a result line, in each of the forms an agent can log (docs/spec/osquery-protocol.md §8). */
function rowsOf(line: unknown): LogRow[] {
  if (!isObject(line) || typeof line.name !== 'string' || line.name.length > MAX_NAME) return [];
  const query = line.name;
  const rows = (value: unknown, action: string): LogRow[] =>
    Array.isArray(value) ? value.filter(isObject).map((columns) => ({ query, action, columns })) : [];
  if (isObject(line.columns))
    return [{ query, action: typeof line.action === 'string' ? line.action : '', columns: line.columns }];
  if (Array.isArray(line.snapshot)) return rows(line.snapshot, 'snapshot');
  if (!isObject(line.diffResults)) return [];
  return [...rows(line.diffResults.removed, 'removed'), ...rows(line.diffResults.added, 'added')];
}

/** When the agent logged the line, in epoch ms by its clock; ours if the line has no valid time. */
function timeOf(line: unknown, nowMs: number): number {
  const { unixTime } = isObject(line) ? line : {};
  const ms = typeof unixTime === 'number' || typeof unixTime === 'string' ? Math.round(Number(unixTime) * 1000) : 0;
  return Number.isSafeInteger(ms) && ms > 0 ? ms : nowMs;
}

/** `osquery_info.config_hash`, from any scheduled query. */
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { factsOf, type NodeDirectory } from '../nodes/directory.ts';
import type { Node } from '../nodes/node.ts';
import type { CompiledPolicy, LogRow } from '../policy/compiled-policy.ts';
import { type AskDeps, enqueue, questions, type Refusal } from '../queue/ask.ts';
import { askingOf, heatSecondsOf } from '../queue/asking.ts';
import type { PendingQuery } from '../queue/pending-query.ts';
import type { LogLine } from '../results/lines.ts';
import type { FanOuts } from './fan-out.ts';

/**
 * Lets rows of a node's own scheduled results set off queries to that node: a `process_events` row that starts a container
 * asks for the container. A line that has had its say is noted, so a batch that is sent again asks nothing, also once the
 * queries are answered. So is which configuration a row says the node runs: drift shows.
 *
 * @returns how many queries wait now
 */
export async function askOnLog(
  node: Node,
  lines: readonly LogLine[],
  policy: CompiledPolicy,
  deps: AskDeps & { readonly directory: NodeDirectory; readonly fanOuts: FanOuts },
): Promise<number> {
  const rows = lines.flatMap(({ id, line }) =>
    rowsOf(line).map((row, index) => ({ id: `log ${node.host} ${id}`, index, line, row, rules: policy.logRules(row) })),
  );
  const configHash = rows
    .map(({ row }) => (row.action === 'removed' ? undefined : row.columns.config_hash))
    .findLast(isHash);
  if (configHash) await deps.directory.runs(node.host, configHash);

  const matching = rows.filter(({ rules }) => rules.length > 0);
  if (matching.length === 0) return 0;
  const fresh = await unheard([...new Set(matching.map(({ id }) => id))], deps);
  const facts = factsOf(node, deps.now());
  const queries: PendingQuery[] = [];
  const refusals: Refusal[] = [];
  let heatSeconds = 0;
  for (const { id, index, line, row, rules } of matching) {
    if (!fresh.has(id)) continue;
    const cause = {
      key: `${id} ${index}`,
      trigger: { node: facts, query: row.query, action: row.action, columns: row.columns },
      subjects: [],
      decorations: { log_query: row.query },
      triggeredAtMs: timeOf(line, deps.now()),
      receivedAtMs: deps.now(),
    };
    const askings = rules.map((rule) => askingOf(rule, 'log'));
    const asked = questions(node.host, askings, cause, deps.now());
    queries.push(...asked.queries);
    refusals.push(...asked.refusals);
    heatSeconds = Math.max(heatSeconds, heatSecondsOf(askings));
  }
  const queued = await enqueue(node.host, { queries, refusals }, policy.policy.limits, heatSeconds, deps);
  // Last: a crash before this asks again, the other order would never ask.
  await Promise.all([...fresh].map((id) => deps.fanOuts.save(id, { hosts: 1, done: true }, deps.now())));
  return queued.length;
}

/** The lines of these that have not had their say yet. */
async function unheard(
  ids: readonly string[],
  deps: Pick<AskDeps, 'now'> & { fanOuts: FanOuts },
): Promise<Set<string>> {
  const places = await Promise.all(ids.map((id) => deps.fanOuts.resume(id, deps.now())));
  return new Set(ids.filter((_, index) => !places[index]?.done));
}

// A name is part of every query its row sets off; no policy schedules one that is longer.
const MAX_NAME = 500;

/** The rows of a result line, in each of the forms an agent can be told to use (docs/spec/osquery-protocol.md §8). */
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

/** When the agent made the line, in epoch ms; its own clock's word, ours where it gives none that is a time. */
function timeOf(line: unknown, nowMs: number): number {
  const { unixTime } = isObject(line) ? line : {};
  const ms = typeof unixTime === 'number' || typeof unixTime === 'string' ? Math.round(Number(unixTime) * 1000) : 0;
  return Number.isSafeInteger(ms) && ms > 0 ? ms : nowMs;
}

/** `osquery_info.config_hash`, in whatever query a profile schedules for it. */
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { factsOf, type NodeDirectory } from '../nodes/directory.ts';
import type { Node } from '../nodes/node.ts';
import type { CompiledPolicy, LogRow } from '../policy/compiled-policy.ts';
import { type AskDeps, askingOf, enqueue, questions, type Refusal } from '../queue/ask.ts';
import type { PendingQuery } from '../queue/pending-query.ts';
import type { LogLine } from '../results/lines.ts';

/**
 * Lets rows of a node's own scheduled results set off queries to that node: a `process_events` row that starts a container
 * asks for the container. A row that tells which configuration the node runs is noted, so that drift shows. Ids come from the row, so a batch that is sent again asks nothing new.
 *
 * @returns how many queries wait now
 */
export async function askOnLog(
  node: Node,
  lines: readonly LogLine[],
  policy: CompiledPolicy,
  deps: AskDeps & { readonly directory: NodeDirectory },
): Promise<number> {
  const facts = factsOf(node, deps.now());
  const queries: PendingQuery[] = [];
  const refusals: Refusal[] = [];
  let accelerate = 0;
  let configHash: string | undefined;
  for (const { id, line } of lines) {
    for (const [index, row] of rowsOf(line).entries()) {
      if (isHash(row.columns.config_hash)) configHash = row.columns.config_hash;
      const rules = policy.logRules(row);
      if (rules.length === 0) continue;
      const cause = {
        key: `log ${node.host} ${id} ${index}`,
        trigger: { node: facts, query: row.query, action: row.action, columns: row.columns },
        subjects: [],
        decorations: { log_query: row.query },
        triggeredAtMs: timeOf(line, deps.now()),
      };
      const asked = questions(
        node.host,
        rules.map((rule) => askingOf(rule, 'log')),
        cause,
        deps.now(),
      );
      queries.push(...asked.queries);
      refusals.push(...asked.refusals);
      accelerate = Math.max(accelerate, ...rules.map((rule) => rule.accelerateSeconds));
    }
  }
  if (configHash) await deps.directory.runs(node.host, configHash);
  if (queries.length + refusals.length === 0) return 0;
  return (await enqueue(node.host, { queries, refusals }, policy.policy.limits, accelerate, deps)).length;
}

/** The rows of a result line, in each of the forms an agent can be told to use (osquery-protocol.md §8). */
function rowsOf(line: unknown): LogRow[] {
  if (!isObject(line) || typeof line.name !== 'string') return [];
  const query = line.name;
  const rows = (value: unknown, action: string): LogRow[] =>
    Array.isArray(value) ? value.filter(isObject).map((columns) => ({ query, action, columns })) : [];
  if (isObject(line.columns)) return [{ query, action: String(line.action ?? ''), columns: line.columns }];
  if (Array.isArray(line.snapshot)) return rows(line.snapshot, 'snapshot');
  if (!isObject(line.diffResults)) return [];
  return [...rows(line.diffResults.removed, 'removed'), ...rows(line.diffResults.added, 'added')];
}

/** When the agent made the line, in epoch ms; its own clock's word, ours where it gives none. */
function timeOf(line: unknown, nowMs: number): number {
  const seconds = isObject(line) ? Number(line.unixTime) : Number.NaN;
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : nowMs;
}

/** `osquery_info.config_hash`, in whatever query a profile schedules for it. */
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

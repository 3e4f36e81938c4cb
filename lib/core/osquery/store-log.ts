import type { Node } from '../nodes/node.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { tally } from '../reports/tally.ts';
import { type LogLine, lineId, type ResultSink, type TimeLeft } from '../results/lines.ts';
import { MARK_LENGTH, type StoredLogs } from '../results/stored-logs.ts';
import { askOnLog, type LogRuleDeps } from '../triggers/handle-log.ts';

/** A result line has at least 250 bytes, so even the largest body of a real agent has fewer lines. Their marks fit a table item. */
export const MAX_LOG_LINES = 40_000;

/** As many lines as the shipped profile sends at once, and at most a second's work. */
const SLICE_LINES = 256;
const SLICE_BYTES = 2 * 1024 * 1024;

/** A slice starts only if this much time is left for it, its marks and the reply, ms. */
const RESERVE_MS = 4_000;

export interface LogDeps extends LogRuleDeps {
  readonly sink: ResultSink;
  readonly storedLogs: StoredLogs;
  readonly policy: LivePolicy;
}

/**
 * Stores a batch of log lines and queues the queries that its rows trigger, in slices. Each slice is marked before the next
 * one, so that a batch that outlasts the function makes progress with every try, and a repeated batch adds nothing.
 *
 * @returns whether the whole batch is stored; otherwise the agent must send it again
 */
export async function storeLog(node: Node, batch: Batch, timeLeftMs: TimeLeft, deps: LogDeps): Promise<boolean> {
  const { report, flush } = tally(SUMMED, deps.report);
  try {
    return await storeSlices(node, batch, timeLeftMs, { ...deps, report });
  } finally {
    flush();
  }
}

interface Batch {
  readonly logType: string;
  readonly lines: readonly unknown[];
}

/** Events that several slices may report about one rule: their counts are summed for the request. */
const SUMMED = new Set<'query_dropped' | 'query_refused'>(['query_dropped', 'query_refused']);

async function storeSlices(
  node: Node,
  { logType, lines }: Batch,
  timeLeftMs: TimeLeft,
  deps: LogDeps,
): Promise<boolean> {
  if (lines.length === 0) return true;
  const { storedLogs, sink, policy, report, now } = deps;
  const all = logLines(node, logType, lines, now());
  const before = new Set(await storedLogs.stored(node.host, logType, now()));
  const done = isSame(before, all) ? all.flatMap(({ id }) => (before.has(markOf(id)) ? markOf(id) : [])) : [];
  const left = done.length > 0 ? all.filter(({ id }) => !before.has(markOf(id))) : all;
  let isFirst = true;
  for (const slice of slices(left)) {
    if (!isFirst && timeLeftMs() < RESERVE_MS) {
      report('log_stored_in_part', { host: node.host, logType, stored: done.length, lines: all.length });
      return false;
    }
    isFirst = false;
    await sink.logs(slice, timeLeftMs);
    if (logType === 'result') await askOnLog(node, slice, await policy(), deps);
    for (const { id } of slice) done.push(markOf(id));
    await storedLogs.replace(node.host, logType, done, now());
  }
  return true;
}

const markOf = (id: string): string => id.slice(0, MARK_LENGTH);

/**
 * Whether the batch is a copy of one that is stored in part. A copy contains the stored lines, unless newer lines push some of
 * them out. A new batch contains lines of the previous one only by coincidence. So half of the stored lines decide.
 */
function isSame(before: ReadonlySet<string>, lines: readonly LogLine[]): boolean {
  const known = new Set(lines.map(({ id }) => markOf(id)).filter((mark) => before.has(mark)));
  return before.size > 0 && known.size * 2 >= before.size;
}

/** Lines with ids from their text and, for equal lines, their number: the ids are the same in every copy of a batch. */
function logLines(node: Node, logType: string, lines: readonly unknown[], nowMs: number): LogLine[] {
  const { host, identity } = node;
  const time = new Date(nowMs).toISOString();
  const counts = new Map<string, number>();
  return lines.map((line) => {
    const first = lineId(host, logType, JSON.stringify(line));
    const count = counts.get(first) ?? 0;
    counts.set(first, count + 1);
    const id = count === 0 ? first : lineId(first, count);
    return { id, kind: 'log', time, storedAtMs: nowMs, host, hostname: identity.hostname, logType, line };
  });
}

function* slices(lines: readonly LogLine[]): Generator<LogLine[]> {
  let open: LogLine[] = [];
  let bytes = 0;
  for (const line of lines) {
    const more = JSON.stringify(line.line).length;
    if (open.length > 0 && (open.length === SLICE_LINES || bytes + more > SLICE_BYTES)) {
      yield open;
      open = [];
      bytes = 0;
    }
    open.push(line);
    bytes += more;
  }
  if (open.length > 0) yield open;
}

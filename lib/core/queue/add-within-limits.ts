import type { Limits } from '../policy/policy.ts';
import { renderSql } from '../sql/render.ts';
import { digestOf } from './digest.ts';
import type { HostQueue, SpacedQuery } from './host-queue.ts';
import type { PendingQuery } from './pending-query.ts';

/** A query that a limit kept out of the queue. */
export interface Dropped {
  readonly query: PendingQuery;
  readonly limit: 'pendingPerHost' | 'spacingSeconds';
}

interface Options {
  readonly queue: HostQueue;
  readonly limits: Limits;
  /** Ids of queries that wait and will be taken back: their places are free. */
  readonly leaving: ReadonlySet<string>;
  readonly now: () => number; // epoch ms
}

/**
 * Adds queries to the queue of a host as far as the limits allow, in their order and in few writes. A query that waits
 * already, as after a crash, keeps its place.
 *
 * @returns the queries that wait now, and those that a limit dropped
 */
export async function addWithinLimits(
  host: string,
  queries: readonly PendingQuery[],
  { queue, limits, leaving, now }: Options,
): Promise<{ readonly queued: PendingQuery[]; readonly dropped: Dropped[] }> {
  const waiting = new Set(await queue.waitingIds(host, now()));
  const fanOutIds = limits.pendingPerHost + [...leaving].filter((id) => waiting.has(id)).length;
  const dropped: Dropped[] = [];
  const asked = new Set<string>();
  let batch = new Map<string, SpacedQuery>();

  const write = async (): Promise<void> => {
    if (batch.size === 0) return;
    const written = batch;
    batch = new Map();
    const leftOut = await queue.enqueueSpaced([...written.values()], now());
    for (const [id, { query }] of written) {
      if (leftOut.has(id)) dropped.push({ query, limit: 'spacingSeconds' });
      else waiting.add(id);
    }
  };

  for (const query of queries) {
    // There is no later for a last gasp, and it is a handful of queries.
    const isLimited = query.set !== 'last-gasp';
    // How many places are left shows when the queries before are written.
    if (batch.has(query.queryId) || (isLimited && waiting.size + batch.size >= fanOutIds)) await write();
    if (waiting.has(query.queryId)) continue;
    if (isLimited && waiting.size >= fanOutIds) {
      dropped.push({ query, limit: 'pendingPerHost' });
      continue;
    }
    const spaced = spacedQuery(query, limits, now());
    const question = spaced.reserves?.question;
    // A storm of the same question costs one write.
    if (question !== undefined && asked.has(question)) dropped.push({ query, limit: 'spacingSeconds' });
    else batch.set(query.queryId, spaced);
    if (question !== undefined) asked.add(question);
  }
  await write();
  return { queued: queries.filter(({ queryId }) => waiting.has(queryId)), dropped };
}

function spacedQuery(query: PendingQuery, { spacingSeconds }: Limits, nowMs: number): SpacedQuery {
  if (spacingSeconds === 0) return { query };
  // The same words after a task's end are another question.
  const question = digestOf(query.rule, query.set, query.query, renderSql(query.sql, query.bindings));
  return { query, reserves: { question, untilMs: nowMs + spacingSeconds * 1000 } };
}

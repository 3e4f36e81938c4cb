import type { Limits } from '../policy/policy.ts';
import { renderSql } from '../sql/render.ts';
import { digestOf } from './digest.ts';
import type { PendingQueries, SpacedQuery } from './host-queue.ts';
import type { PendingQuery } from './pending-query.ts';

/** A query that a limit kept out of the queue. */
export interface Dropped {
  readonly query: PendingQuery;
  readonly limit: 'pendingPerHost' | 'spacingSeconds';
}

interface Options {
  readonly queue: PendingQueries;
  readonly limits: Limits;
  /** Ids of pending queries that will be withdrawn; they do not count against the limits. */
  readonly withdrawn: ReadonlySet<string>;
  readonly now: () => number; // epoch ms
}

/**
 * Adds queries to a host's queue within the limits, in order and in few writes. A query that is already pending, for
 * example after a crash, stays queued.
 *
 * @returns the queries that are pending now, and those that a limit dropped
 */
export async function addWithinLimits(
  host: string,
  queries: readonly PendingQuery[],
  { queue, limits, withdrawn, now }: Options,
): Promise<{ readonly queued: PendingQuery[]; readonly dropped: Dropped[] }> {
  const waiting = new Set(await queue.waitingIds(host, now()));
  const capacity = limits.pendingPerHost + [...withdrawn].filter((id) => waiting.has(id)).length;
  const dropped: Dropped[] = [];
  const spacingKeys = new Set<string>();
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
    // A last gasp cannot wait, and it is only a few queries.
    const isLimited = query.set !== 'last-gasp';
    // Only a write shows how much capacity is left: spacing may leave out queries of the batch.
    if (batch.has(query.queryId) || (isLimited && waiting.size + batch.size >= capacity)) await write();
    if (waiting.has(query.queryId)) continue;
    if (isLimited && waiting.size >= capacity) {
      dropped.push({ query, limit: 'pendingPerHost' });
      continue;
    }
    const spaced = spacedQuery(query, limits, now());
    const spacingKey = spaced.reserves?.spacingKey;
    // Queries with one spacing key cost one write.
    if (spacingKey !== undefined && spacingKeys.has(spacingKey)) dropped.push({ query, limit: 'spacingSeconds' });
    else batch.set(query.queryId, spaced);
    if (spacingKey !== undefined) spacingKeys.add(spacingKey);
  }
  await write();
  return { queued: queries.filter(({ queryId }) => waiting.has(queryId)), dropped };
}

function spacedQuery(query: PendingQuery, { spacingSeconds }: Limits, nowMs: number): SpacedQuery {
  if (spacingSeconds === 0 || namesSubject(query)) return { query };
  // The set is part of the key: the same SQL after a task's end asks something else.
  const spacingKey = digestOf(query.rule, query.set, query.query, renderSql(query.sql, query.bindings));
  return { query, reserves: { spacingKey, untilMs: nowMs + spacingSeconds * 1000 } };
}

/**
 * Whether its SQL names a container or an instance that it is about. Their ids are unique, so no other workload asks the same,
 * and the query's own id keeps the same workload from asking twice.
 */
function namesSubject({ bindings, subjects }: PendingQuery): boolean {
  const bound = new Set(Object.values(bindings).flat());
  return subjects.some((id) => bound.has(id));
}

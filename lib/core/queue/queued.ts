import type { Report } from '../reports/report.ts';
import type { PendingQuery } from './pending-query.ts';

/** Queries that were queued for one host at once. */
export interface Queued {
  readonly host: string;
  readonly workload: string | undefined;
  /** `<rule>/<query>` */
  readonly queries: readonly string[];
}

/** Names in one log line; there may be hundreds of queries. */
const MAX_NAMES = 10;

/**
 * Reports what was queued for a host, or adds it to the list that the log line of its event takes: the log of a task then has
 * no line more.
 */
export function recordQueued(
  host: string,
  queries: readonly PendingQuery[],
  { report, queued }: { readonly report: Report; readonly queued?: Queued[] },
): void {
  const [first] = queries;
  if (!first) return;
  const one: Queued = { host, workload: first.workload, queries: queries.map(({ rule, query }) => `${rule}/${query}`) };
  if (queued) queued.push(one);
  else report('queries_queued', { ...summaryOf([one]), host });
}

/** What was queued, for one log line. */
export function summaryOf(queued: readonly Queued[]): {
  readonly host: string | null;
  readonly hosts: number;
  readonly workload: string | null;
  readonly queries: readonly string[];
} {
  const hosts = new Set(queued.map(({ host }) => host));
  const workloads = new Set(queued.map(({ workload }) => workload));
  const [host = null] = hosts;
  const [workload] = workloads;
  return {
    host: hosts.size === 1 ? host : null,
    hosts: hosts.size,
    workload: (workloads.size === 1 && workload) || null,
    queries: [...new Set(queued.flatMap(({ queries }) => queries))].slice(0, MAX_NAMES),
  };
}

import { type ClusterCoverage, type Coverage, clusterOf, coverageOf } from '../../core/ledger/coverage.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import { at, type PlaceFlags } from '../place.ts';
import { columns, figures, printable, say, sayJson, seconds, when } from '../print.ts';

export interface SinceFlags extends PlaceFlags {
  readonly since: number;
  readonly cluster?: string;
  readonly json: boolean;
}

/** What a group without a cluster is called. */
export const inNone = 'EC2 instances';

/** The workloads that the flags mean: of a time, and of one cluster if one is named. */
export async function* meant(
  records: AsyncIterable<WorkloadRecord>,
  { cluster }: SinceFlags,
): AsyncGenerator<WorkloadRecord> {
  for await (const record of records) if (cluster === undefined || clusterOf(record) === cluster) yield record;
}

/** Shows what became of every workload: counts for each verdict, by cluster, and how long answers took. */
export async function coverage(flags: SinceFlags): Promise<void> {
  const nowMs = Date.now();
  const { all, clusters } = await at(flags, ({ book }) =>
    coverageOf(meant(book.between(flags.since, nowMs), flags), nowMs),
  );
  const sinceAt = new Date(flags.since).toISOString();
  if (flags.json) return sayJson({ since: sinceAt, at: new Date(nowMs).toISOString(), ...all, clusters });
  if (all.workloads === 0) {
    const where = flags.cluster === undefined ? '' : ` of the cluster ${printable(flags.cluster)}`;
    return say(`No workload${where} since ${when(flags.since)}.`);
  }
  const rows = clusters.map((each) => line(nameOf(each), each));
  say(figures([HEAD, ...rows, ...(clusters.length > 1 ? [line('all', all)] : [])]));
  const reasons = Object.entries(all.reasons).sort(([, a], [, b]) => b - a);
  if (reasons.length > 0) {
    say(`\nMissed, and why (what to do: npx mayfly missed)`);
    say(columns(reasons.map(([reason, n]) => ['  ', reason, String(n)])));
  }
  say(`\nSince ${when(flags.since)}. Covered: seen and post-mortem, of all but pending, never-started and ignored.`);
  say('Time to answer: from the event that asked to the first row.');
}

const HEAD = 'cluster,workloads,covered,seen,post-mortem,missed,never-started,ignored,pending,p50,p95,p99,max'.split(
  ',',
);

const nameOf = ({ cluster }: ClusterCoverage): string => (cluster === null ? inNone : printable(cluster));

function line(name: string, { workloads, verdicts, share, timeToAnswerMs: wait }: Coverage): string[] {
  return [
    name,
    String(workloads),
    share === null ? '-' : percent(share),
    ...(['seen', 'post-mortem', 'missed', 'never-started', 'ignored', 'pending'] as const).map((each) =>
      String(verdicts[each]),
    ),
    ...(wait ? [wait.p50, wait.p95, wait.p99, wait.max].map(seconds) : ['-', '-', '-', '-']),
  ];
}

/** `98.2 %`; 100 only when it is all of them. */
const percent = (share: number): string => `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;

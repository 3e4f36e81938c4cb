import { type ClusterCoverage, type Coverage, clusterOf, coverageOf } from '../../core/ledger/coverage.ts';
import { CLOCK_AHEAD_MS, type LedgerIndex } from '../../core/ledger/ledger-index.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import { type DeploymentFlags, pasted } from '../deployment/deployment-flags.ts';
import { colours, columns, figures, printable, prose, say, sayJson, seconds, when } from '../terminal/print.ts';
import { countedAloud } from '../terminal/progress.ts';

export interface SinceFlags extends DeploymentFlags {
  readonly since: number;
  readonly cluster?: string;
  readonly json: boolean;
}

/** The name of the group without a cluster. */
const inNone = 'EC2 instances';

/** The records that the flags select: of one cluster, if one is named. Shows the progress of a long reading. */
export async function* meant(
  records: AsyncIterable<WorkloadRecord>,
  flags: SinceFlags,
): AsyncGenerator<WorkloadRecord> {
  for await (const record of countedAloud(records)) if (isMeant(record, flags)) yield record;
}

const isMeant = (record: WorkloadRecord, { cluster }: SinceFlags): boolean =>
  cluster === undefined || clusterOf(record) === cluster;

/** All workloads since a time, oldest first. */
export const sinceThen = (ledgerIndex: LedgerIndex, { since }: SinceFlags, nowMs: number) =>
  ledgerIndex.lookBack({ fromMs: since, toMs: nowMs + CLOCK_AHEAD_MS, isNewestFirst: false, nowMs });

const HOUR_MS = 3_600_000;

/** A message with what to try if the flags select no workload; undefined if they select some. */
export async function nothing(ledgerIndex: LedgerIndex, flags: SinceFlags, nowMs: number): Promise<string | undefined> {
  const { since, cluster } = flags;
  const others = new Set<string>();
  for await (const record of sinceThen(ledgerIndex, flags, nowMs)) {
    if (isMeant(record, flags)) return undefined;
    others.add(printable(clusterOf(record) ?? inNone));
  }
  const none = `No workload${cluster === undefined ? '' : ` of the cluster ${printable(cluster)}`} since ${when(since)}`;
  if (others.size > 0) return `${none}. There are some of: ${[...others].sort().join(', ')}.`;
  const latestMs = await ledgerIndex.latest(since);
  if (latestMs === undefined) return `${none}, and none before: no event and no sweep has reported any yet.`;
  const days = Math.ceil((nowMs + HOUR_MS - latestMs) / (24 * HOUR_MS)); // one hour more, for the time until the command is typed
  return `${none}. The first event of the latest one was at ${when(latestMs)}: try --since ${days}d.`;
}

/** Shows the number of workloads for each verdict, by cluster, and how long answers took. */
export async function coverage(flags: SinceFlags): Promise<void> {
  const nowMs = Date.now();
  const count = async ({ ledgerIndex }: Deployment) => {
    const counted = await coverageOf(meant(sinceThen(ledgerIndex, flags, nowMs), flags), nowMs);
    return { ...counted, none: counted.all.workloads === 0 ? await nothing(ledgerIndex, flags, nowMs) : undefined };
  };
  const { all, clusters, none } = await withDeployment(flags, count, 'follows');
  const sinceAt = new Date(flags.since).toISOString();
  if (flags.json) return sayJson({ since: sinceAt, at: new Date(nowMs).toISOString(), ...all, clusters });
  if (none) return say(none);
  const rows = clusters.map((each) => line(nameOf(each), each));
  say(figures([HEAD, ...rows, ...(clusters.length > 1 ? [line('all', all)] : [])], { drop: DROP }));
  const reasons = Object.entries(all.reasons);
  if (reasons.length > 0) {
    say(`\nMissed, and why (what to do: npx mayfly missed${pasted(flags)})`);
    say(columns(reasons.map(([reason, n]) => ['  ', reason, String(n)])));
  }
  const covered = 'Covered: the share of seen and post-mortem, without pending, never-started and ignored.';
  say(`\n${prose(`Since ${when(flags.since)}. ${covered}`)}`);
  say('Time to answer: from the event that queued the query to the first row.');
}

const HEAD = 'cluster,workloads,covered,seen,post-mortem,missed,never-started,ignored,pending,p50,p95,p99,max'.split(
  ',',
);

/** Columns that are hidden on a narrow terminal, the least important first. */
const DROP = ['ignored', 'never-started', 'p95', 'p50', 'post-mortem', 'seen', 'p99'];

const nameOf = ({ cluster }: ClusterCoverage): string => (cluster === null ? inNone : printable(cluster));

function line(name: string, { workloads, verdicts, share, timeToAnswerMs: wait }: Coverage): string[] {
  return [
    name,
    String(workloads),
    share === null ? '-' : percent(share),
    ...(['seen', 'post-mortem'] as const).map((each) => String(verdicts[each])),
    verdicts.missed > 0 ? colours().red(String(verdicts.missed)) : '0',
    ...(['never-started', 'ignored', 'pending'] as const).map((each) => String(verdicts[each])),
    ...(wait ? [wait.p50, wait.p95, wait.p99, wait.max].map(seconds) : ['-', '-', '-', '-']),
  ];
}

/** `98.2 %`; rounded down, so that 100 means all. */
const percent = (share: number): string => `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;

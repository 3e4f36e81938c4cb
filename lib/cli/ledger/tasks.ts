import { clusterOf } from '../../core/ledger/coverage.ts';
import { CLOCK_AHEAD_MS } from '../../core/ledger/ledger-index.ts';
import { verdictOf } from '../../core/ledger/verdict.ts';
import type { Verdict, WorkloadRecord } from '../../core/ledger/workload.ts';
import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import { pasted, quoted } from '../deployment/deployment-flags.ts';
import { hostOr } from '../names/hosts-named.ts';
import { csv } from '../terminal/csv.ts';
import { isoOf } from '../terminal/iso.ts';
import { sayMore } from '../terminal/paging.ts';
import { columns, printable, say, sayJson, when } from '../terminal/print.ts';
import { slowly } from '../terminal/progress.ts';
import { checkSpan } from '../terminal/times.ts';
import { nothing, type SinceFlags } from './coverage.ts';

export interface TasksFlags extends SinceFlags {
  readonly until?: number;
  readonly host?: string;
  readonly family?: string;
  readonly verdict?: Verdict['verdict'];
  readonly kind: 'task' | 'instance' | 'all';
  readonly limit: number;
  readonly skip: number;
  readonly csv: boolean;
}

/** What selects workloads; the host is resolved to its host identifier. */
type Selection = Pick<TasksFlags, 'host' | 'cluster' | 'family' | 'verdict' | 'kind'>;

/** A page of workloads, newest first. */
interface Page {
  readonly records: readonly WorkloadRecord[];
  readonly hasMore: boolean;
}

/** Lists workloads, newest first. For programs, each one is printed as soon as it is found. */
export async function tasks(flags: TasksFlags): Promise<void> {
  const nowMs = Date.now();
  checkSpan(flags.since, flags.until ?? nowMs + CLOCK_AHEAD_MS);
  const print = printerOf(flags);
  const search = async (deployment: Deployment) => {
    const host = flags.host === undefined ? undefined : await hostOr(flags.host, deployment);
    const selection = { ...flags, host };
    const page = await pageOf(deployment, { flags, selection, nowMs }, (record) => print?.(rowOf(record, nowMs)));
    return { page, none: page.records.length === 0 && !print ? await noneOf(deployment, flags, nowMs) : undefined };
  };
  const { page, none } = await withDeployment(flags, search, 'follows');
  if (none) say(none);
  else if (!print) say(tableOf(page.records, nowMs, flags));
  if (page.hasMore) sayMore(nextOf(page, flags), flags);
  const [first] = page.records;
  if (first && !print) say(`\nWhat one of them returned: npx mayfly rows ${shortId(first)}${pasted(flags)}`);
}

/** Prints a row for programs; undefined for people, who get an aligned table at the end. */
function printerOf({ json, csv: isCsv }: TasksFlags): ((row: Row) => void) | undefined {
  if (json) return sayJson;
  if (!isCsv) return undefined;
  say(csv([HEAD]));
  return (row) => say(csv([cellsOf(row)]));
}

interface Search {
  readonly flags: TasksFlags;
  readonly selection: Selection;
  readonly nowMs: number;
}

async function pageOf(
  { ledgerIndex }: Deployment,
  { flags, selection, nowMs }: Search,
  onFound: (record: WorkloadRecord) => void,
): Promise<Page> {
  const records: WorkloadRecord[] = [];
  let [read, found] = [0, 0];
  // Rows that appear on the terminal show the progress themselves.
  const isShown = (flags.json || flags.csv) && process.stdout.isTTY;
  const stop = isShown ? () => {} : slowly(() => `${read} workloads read, ${found} found`);
  try {
    const toMs = flags.until ?? nowMs + CLOCK_AHEAD_MS;
    for await (const record of ledgerIndex.lookBack({ fromMs: flags.since, toMs, isNewestFirst: true, nowMs })) {
      read += 1;
      if (!isMeant(record, selection, nowMs)) continue;
      found += 1;
      if (records.length === flags.limit) return { records, hasMore: true };
      if (found <= flags.skip) continue;
      records.push(record);
      onFound(record);
    }
    return { records, hasMore: false };
  } finally {
    stop();
  }
}

const KINDS = { task: 'ecs-task', instance: 'ec2-instance' } as const;

function isMeant(record: WorkloadRecord, { host, cluster, family, verdict, kind }: Selection, nowMs: number): boolean {
  return (
    (kind === 'all' || record.kind === KINDS[kind]) &&
    (host === undefined || hostOf(record) === host || record.handling?.instanceFacts?.instance_id === host) &&
    (cluster === undefined || clusterOf(record) === cluster) &&
    (family === undefined || record.identity.task_family === family) &&
    (verdict === undefined || verdictOf(record, nowMs).verdict === verdict)
  );
}

const hostOf = ({ kind, workload, handling }: WorkloadRecord): string | null =>
  handling?.host ?? (kind === 'ec2-instance' ? workload : null);

async function noneOf({ ledgerIndex }: Deployment, flags: TasksFlags, nowMs: number): Promise<string> {
  const some = await nothing(ledgerIndex, flags, nowMs);
  const until = flags.until === undefined ? '' : ` until ${when(flags.until)}`;
  return some ?? `No such workload since ${when(flags.since)}${until}. Try fewer filters, or another time.`;
}

/** A workload for programs. */
const rowOf = (record: WorkloadRecord, nowMs: number) => {
  const { workload, kind, identity, times = {}, lastStatus, firstEventAtMs, stopped, occurredAtMs } = record;
  const verdict = verdictOf(record, nowMs);
  return {
    workload,
    kind,
    verdict: verdict.verdict,
    reason: verdict.verdict === 'missed' ? verdict.reason : null,
    cluster: clusterOf(record),
    family: identity.task_family ?? null,
    host: hostOf(record),
    firstEventAt: new Date(firstEventAtMs).toISOString(),
    startedAt: isoOf(times.startedAtMs),
    stoppedAt: isoOf(times.stoppedAtMs ?? (stopped ? occurredAtMs : undefined)),
    lastStatus,
    ip: identity.ip ?? null,
    containers: record.containers.map(({ name }) => name),
  };
};
type Row = ReturnType<typeof rowOf>;

const HEAD: readonly (keyof Row)[] = [
  ...(['workload', 'kind', 'verdict', 'reason', 'cluster', 'family', 'host'] as const),
  ...(['firstEventAt', 'startedAt', 'stoppedAt', 'lastStatus', 'ip', 'containers'] as const),
];
const cellsOf = (row: Row): string[] => HEAD.map((name) => [row[name] ?? ''].flat().join(' '));

/** Eight digits of an id are unique among millions. */
const ID_DIGITS = 8;

function tableOf(records: readonly WorkloadRecord[], nowMs: number, { host }: TasksFlags): string {
  const lines = records.map((record) => {
    const { verdict, reason, containers, family, host: on } = rowOf(record, nowMs);
    const what = record.kind === 'ecs-task' ? taskText(family, containers) : instanceText(record);
    return [
      when(record.firstEventAtMs),
      shortId(record),
      reason ? `${verdict}: ${reason}` : verdict,
      printable(what),
      ...(host === undefined ? [printable(on ?? '-')] : []),
    ];
  });
  return columns([['first event', 'id', 'verdict', 'what', ...(host === undefined ? ['host'] : [])], ...lines]);
}

const shortId = ({ kind, workload }: WorkloadRecord): string =>
  printable(
    kind === 'ecs-task'
      ? workload.slice(workload.lastIndexOf('/') + 1).slice(0, ID_DIGITS)
      : workload.slice(0, ID_DIGITS + 'i-'.length),
  );

/** @example taskText('api', ['web', 'init']) // 'api: web init' */
const taskText = (family: string | null, containers: readonly string[]): string =>
  [...new Set([family ?? '?', containers.join(' ')])].filter(Boolean).join(': ');

const instanceText = ({ identity }: WorkloadRecord): string =>
  ['instance', identity.instance_type, identity.image_id].filter(Boolean).join(' ');

/** The command for the next page. It leaves out as many workloads of the same millisecond as this page has shown. */
function nextOf({ records }: Page, flags: TasksFlags): string {
  const lastMs = records.at(-1)?.firstReceivedAtMs ?? flags.since;
  const shown = records.filter(({ firstReceivedAtMs }) => firstReceivedAtMs === lastMs).length;
  const isSame = lastMs === flags.until; // the page before ended in the same millisecond
  const given = [
    ...(['host', 'cluster', 'family', 'verdict', 'kind'] as const).flatMap((name) =>
      flags[name] === undefined ? [] : [`--${name} ${quoted(flags[name])}`],
    ),
    `--since ${new Date(flags.since).toISOString()} --until ${new Date(lastMs).toISOString()}`,
    `--skip ${shown + (isSame ? flags.skip : 0)} --limit ${flags.limit}`,
  ];
  return `npx mayfly tasks ${given.join(' ')}${pasted(flags)}`;
}

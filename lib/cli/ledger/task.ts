import { adviceOn } from '../../core/ledger/advice.ts';
import { awaitedUntilMs, verdictOf } from '../../core/ledger/verdict.ts';
import {
  type ContainerFacts,
  type Handling,
  isEssential,
  type TaskContainer,
  type Trouble,
  type Verdict,
  type WorkloadRecord,
} from '../../core/ledger/workload.ts';
import { withDeployment } from '../deployment/deployment.ts';
import { pasted, quoted } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { workloadNamed } from '../names/workload-named.ts';
import type { RowPage, RowsDeployment } from '../rows/search-rows.ts';
import { spanOf } from '../rows/span.ts';
import { withIsoTimes } from '../terminal/iso.ts';
import { colours, columns, count, duration, printable, prose, say, sayJson, seconds, when } from '../terminal/print.ts';
import { hostFacts, instanceFactsOf } from './instance-facts.ts';

/** Stages of a workload itself, and of a query about it. */
type Stage =
  | ('created' | 'pulling' | 'started' | 'ended' | 'stopped')
  | ('event' | 'received' | 'queued' | 'delivered' | 'answered' | 'stored' | 'trouble');

/** One entry of a workload's timeline. */
interface TimelineEntry {
  readonly atMs?: number; // undefined for trouble, whose time is not recorded
  readonly stage: Stage;
  readonly what: string;
}

/** How a container, or an instance itself, was seen. */
type SeenHow = 'alive' | 'post-mortem' | 'not seen' | 'never started' | 'not started yet' | 'id unusable';

interface TaskFlags extends RowsDeployment {
  readonly json: boolean;
  /** Whether to show rows; undefined for the default. */
  readonly rows?: boolean;
}

/** Shows one workload: its identity, its timeline, and which of its containers were seen. */
export async function task(name: string, flags: TaskFlags): Promise<void> {
  const nowMs = Date.now();
  const { record, instance } = await withDeployment(flags, async (deployment) => {
    const found = await workloadNamed(name, deployment, nowMs);
    if (!found)
      throw new CommandError(
        'NOT_FOUND',
        `${deployment.name} does not know ${name}: no event and no sweep reported it, or that was longer ago than the ` +
          `${duration((await deployment.keptForMs()) / 1000)} that its ledger keeps`,
        { next: `"npx mayfly tasks${deployment.chosen}" lists those it knows` },
      );
    return { record: found, instance: await instanceFactsOf(found, deployment.ledgerIndex, nowMs) };
  });
  const verdict = verdictOf(record, nowMs);
  const subjects = subjectsOf(record);
  const page = await rowsOf(record, flags, nowMs);
  if (flags.json) {
    const { workload, kind, lastStatus, identity, handling, firstDetectedBy } = record;
    const timeline = timelineOf(record).map(({ atMs, ...moment }) => ({ at: isoOf(atMs) ?? null, ...moment }));
    return sayJson({
      workload,
      kind,
      ...verdict,
      lastStatus,
      host: handling?.host ?? null,
      firstDetectedBy,
      identity,
      instance: instance ?? null,
      timeline,
      subjects,
      rows: page?.rows.map(withIsoTimes) ?? null,
    });
  }
  const paint = colours();
  say(`${paint.bold(printable(record.workload))}\n${paint.bold(prose(verdictText(verdict, record)))}\n`);
  const known = Object.entries({ ...record.identity, host: record.handling?.host ?? 'unknown' }).sort();
  const facts = record.kind === 'ecs-task' ? [...known, ...hostFacts(instance)] : known;
  say(columns(facts.map(([fact, value]) => [`  ${fact}`, printable(value)])));
  say(`\n${paint.bold('What happened')}`);
  say(columns(linesOf(timelineOf(record), record)));
  if (record.handling && verdict.verdict === 'pending') say(`  ${outlook(record, record.handling, nowMs)}`);
  say(`\n${paint.bold('What was seen')}`);
  say(columns(tableOf(subjects, record)));
  await sayRows(record, page, flags);
}

/** The most rows shown; `mayfly rows` shows all. */
const MAX_ROWS = 20;
const MAX_ROWS_SPAN_MS = 7 * 24 * 3_600_000;

/** The newest rows about a workload; undefined if they are in Athena, which bills for reading, and --rows is not set. */
async function rowsOf(record: WorkloadRecord, flags: TaskFlags, nowMs: number): Promise<RowPage | undefined> {
  const isLocal = !flags.stack && !flags.table;
  if (!(flags.rows ?? isLocal)) return undefined;
  const { searchRows } = await import('../rows/search-rows.ts');
  const { fromMs, untilMs } = spanOf(record, nowMs);
  const span = { fromMs: Math.max(fromMs, untilMs - MAX_ROWS_SPAN_MS), untilMs };
  return searchRows(flags, { filter: { workload: record.workload, ...span }, skip: 0, limit: MAX_ROWS });
}

async function sayRows({ workload }: WorkloadRecord, page: RowPage | undefined, flags: TaskFlags): Promise<void> {
  const all = `npx mayfly rows ${quoted(workload)}${pasted(flags)}`;
  if (page === undefined) return say(`\nThe rows about it: ${all}`);
  if (page.rows.length === 0) return;
  const { rowsText } = await import('../rows/rows-text.ts');
  say(`\n${colours().bold('What it returned')}\n${rowsText(page.rows)}`);
  if (page.hasMore) say(`\nThere are more: ${all}`);
}

/** What can still happen to a workload without a verdict. */
function outlook(record: WorkloadRecord, { host, queryKeys }: Handling, nowMs: number): string {
  const untilMs = awaitedUntilMs(record);
  if (untilMs > nowMs && !host) return `Its queries wait until its host is known, at most until ${when(untilMs)}.`;
  if (untilMs > nowMs) return `Mayfly waits for an answer until ${when(untilMs)}.`;
  if (queryKeys.length > 0) return 'One of its containers has not started yet. Mayfly will send queries about it.';
  return 'No query about it was queued so far: no rule matched, or every query was refused ("query_refused" in the log). Its end may queue one.';
}

function verdictText(verdict: Verdict, record: WorkloadRecord): string {
  if (verdict.verdict !== 'missed') return verdict.verdict;
  return `missed: ${verdict.reason} (${adviceOn(verdict.reason, record)})`;
}

/** What each kind of trouble means. */
const TROUBLE: Readonly<Record<Trouble, string>> = {
  denylisted: 'osquery refused to run the SQL, which had killed it before',
  'query-failed': 'osquery answered with an error',
  'no-row': 'the answer did not name it, or one of its containers',
  'too-large': 'a query about it would have been too long',
  'unsafe-id': 'a query left out an id with characters that are not allowed in SQL',
  unanswered: 'a query was delivered, once on its own, and the agent polled on without answering',
  limited: 'a limit dropped a query about it',
  'host-gone': 'its host had ended',
  'agent-silent': 'a query was delivered and never answered',
  expired: 'a query expired before the agent polled',
  'not-on-platform': 'no query could prove it: the platform of its host lacks the tables',
};

/**
 * The timeline, in order. Times of events (in whole seconds) and states are AWS's, the others are ours: the clocks may
 * differ a little.
 */
export function timelineOf(record: WorkloadRecord): TimelineEntry[] {
  const { handling, firstEventAtMs, occurredAtMs, lastStatus, stopped, identity, times = {} } = record;
  const { firstReceivedAtMs, firstDetectedBy, deliveredAtMs, firstAnswerAtMs, firstStoredAtMs, firstAnswerFrom } =
    record;
  const { firstQuery, queryCounts = [] } = handling ?? {};
  const of = (stage: Stage, atMs: number | undefined, what: string): TimelineEntry[] =>
    atMs === undefined ? [] : [{ stage, atMs, what }];
  const nameOf = (detectedBy: typeof firstDetectedBy, event: string, change: string) =>
    detectedBy === 'event' ? event : `${change}, not reported by an event`;
  const heard = (detectedBy: typeof firstDetectedBy) => (detectedBy === 'event' ? 'received' : 'found by a sweep');
  const isFirstQueryOnFirstEvent =
    !firstQuery || (firstQuery.eventAtMs === firstEventAtMs && firstQuery.receivedAtMs === firstReceivedAtMs);
  const isAgain = (firstAnswerFrom?.deliveredAtMs ?? 0) > (deliveredAtMs ?? 0);
  const isNews = occurredAtMs > firstEventAtMs && occurredAtMs !== firstQuery?.eventAtMs;
  const end = ['stopped', identity.stop_code, identity.stopped_reason].filter(Boolean).join(': ');
  const moments = [
    ...of('created', times.createdAtMs, 'created'),
    ...of('pulling', times.pullStartedAtMs, 'began to pull its images'),
    ...of('started', times.startedAtMs, 'its containers started'),
    ...of('event', firstEventAtMs, nameOf(firstDetectedBy, 'first event', 'first change')),
    ...of('received', firstReceivedAtMs, heard(firstDetectedBy)),
    ...(isFirstQueryOnFirstEvent
      ? []
      : [
          ...of(
            'event',
            firstQuery.eventAtMs,
            nameOf(firstQuery.detectedBy, 'the event that queued queries', 'the change that queued queries'),
          ),
          ...of('received', firstQuery.receivedAtMs, `${heard(firstQuery.detectedBy)}: what queued queries`),
        ]),
    ...[...queryCounts, ...record.lastGasps].flatMap(({ set, atMs, queries }) =>
      of('queued', atMs, `queued: ${count(queries, `${set} query`, `${set} queries`)}`),
    ),
    ...of('delivered', deliveredAtMs, 'delivered to its host'),
    ...of(
      'delivered',
      isAgain ? firstAnswerFrom?.deliveredAtMs : undefined,
      'delivered: the query that was answered first',
    ),
    ...of('answered', firstAnswerAtMs, 'answered'),
    ...of('stored', firstStoredAtMs, 'stored'),
    ...of('ended', times.executionStoppedAtMs, 'its containers ended'),
    ...(stopped ? of('stopped', times.stoppedAtMs ?? occurredAtMs, end) : []),
    ...of('event', !stopped && isNews ? occurredAtMs : undefined, `last event: ${lastStatus}`),
  ].sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  return [
    ...moments,
    ...record.troubles.map((trouble): TimelineEntry => ({ stage: 'trouble', what: TROUBLE[trouble] })),
  ];
}

function linesOf(moments: readonly TimelineEntry[], { firstEventAtMs }: WorkloadRecord): string[][] {
  const lines = moments.map(({ atMs, what }) =>
    atMs === undefined
      ? { at: 'time unknown', distance: '', what }
      : { at: when(atMs), distance: distance(atMs - firstEventAtMs), what },
  );
  const width = Math.max(...lines.map((line) => line.distance.length));
  return lines.map((line) => [`  ${line.at}`, line.distance.padStart(width), printable(line.what)]);
}

const HOUR_MS = 3_600_000;

/** A span of time with its sign: `+5.0 s`, `-310 s`, `+2h 5m`, `+6d 13h`. */
function distance(ms: number): string {
  const sign = ms < 0 ? '-' : '+';
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  const hours = Math.floor(minutes / 60);
  if (Math.abs(ms) < HOUR_MS) return `${sign}${seconds(Math.abs(ms))}`;
  return hours < 24 ? `${sign}${hours}h ${minutes % 60}m` : `${sign}${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** A container, or an instance itself, with what events and rows report about it. */
type Subject = Partial<TaskContainer> & {
  readonly name: string;
  readonly seen: SeenHow;
  readonly command?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
};

export function subjectsOf(record: WorkloadRecord): Subject[] {
  if (record.containers.length === 0)
    return record.subjects.map((id) => ({ name: id, seen: seenHow(record, { runtimeId: id }) }));
  return record.containers.map((container) => {
    const { startedAtMs, finishedAtMs, ...said } = factsOf(record, container.runtimeId);
    return {
      ...said,
      ...container,
      seen: seenHow(record, container),
      startedAt: isoOf(startedAtMs),
      finishedAt: isoOf(finishedAtMs),
    };
  });
}

const factsOf = ({ facts }: WorkloadRecord, id = ''): ContainerFacts =>
  (Object.hasOwn(facts, id) ? facts[id] : undefined) ?? {};

function seenHow(
  { seenLive, seenPostMortem, stopped }: WorkloadRecord,
  { runtimeId: id, unsafeId }: Pick<TaskContainer, 'runtimeId' | 'unsafeId'>,
): SeenHow {
  if (unsafeId) return 'id unusable';
  if (id === undefined) return stopped ? 'never started' : 'not started yet';
  if (seenLive.includes(id)) return 'alive';
  return seenPostMortem.includes(id) ? 'post-mortem' : 'not seen';
}

/** The table of containers, without columns that are empty in every row. */
function tableOf(subjects: readonly Subject[], { kind }: WorkloadRecord): string[][] {
  const all: readonly (readonly [heading: string, cellOf: (subject: Subject) => string | undefined])[] = [
    [kind === 'ecs-task' ? 'container' : 'instance', ({ name }) => name],
    ['seen', ({ seen }) => seen],
    ['exit', ({ exitCode }) => exitCode?.toString()],
    ['started', ({ startedAt }) => startedAt],
    ['ended', ({ finishedAt }) => finishedAt],
    ['image', ({ image }) => image],
    ['digest', ({ imageDigest }) => imageDigest],
    ['command', ({ command }) => command],
    ['', (subject) => [...(isEssential(subject) ? [] : ['not essential']), subject.reason ?? []].flat().join(', ')],
  ];
  const shown = all.filter(([, cellOf]) => subjects.some(cellOf));
  return [
    shown.map(([heading], at) => (at === 0 ? `  ${heading}` : heading)),
    ...subjects.map((subject) =>
      shown.map(([, cellOf], at) => `${at === 0 ? '  ' : ''}${printable(cellOf(subject) || '-')}`),
    ),
  ];
}

const isoOf = (atMs: number | undefined): string | undefined =>
  atMs === undefined ? undefined : new Date(atMs).toISOString();

import { adviceOn } from '../../core/ledger/advice.ts';
import { CLOCK_AHEAD_MS } from '../../core/ledger/ledger-index.ts';
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
import { type DeploymentFlags, withDeployment } from '../deployment.ts';
import { colours, columns, count, duration, printable, say, sayJson, seconds, when } from '../print.ts';
import { hostFacts, instanceFactsOf } from './instance-facts.ts';

/** Of a life itself, and of a question about it. */
type Stage =
  | ('created' | 'pulling' | 'started' | 'ended' | 'stopped')
  | ('event' | 'received' | 'queued' | 'delivered' | 'answered' | 'stored' | 'trouble');

/** One thing that happened in a life. */
interface Moment {
  readonly atMs?: number; // nobody notes when there was trouble
  readonly stage: Stage;
  readonly what: string;
}

/** How a container, or an instance itself, was seen. */
type SeenHow = 'alive' | 'post-mortem' | 'not seen' | 'never started' | 'not started yet' | 'id unusable';

/** Shows one life: what is known of it, what happened when, and of what there was evidence. */
export async function task(name: string, flags: DeploymentFlags & { json: boolean }): Promise<void> {
  const nowMs = Date.now();
  const { record, machine } = await withDeployment(flags, async (deployment) => {
    const found = await deployment.ledgerIndex.find(name, nowMs + CLOCK_AHEAD_MS);
    if (!found)
      throw new Error(
        `${deployment.name} knows no ${name}: neither an event nor a sweep told of it, or it was longer ago than ` +
          `${duration((await deployment.keepsMs()) / 1000)}, which its ledger keeps`,
      );
    return { record: found, machine: await instanceFactsOf(found, deployment.ledgerIndex, nowMs) };
  });
  const verdict = verdictOf(record, nowMs);
  const subjects = subjectsOf(record);
  if (flags.json) {
    const { workload, kind, lastStatus, identity, handling, firstDetectedBy } = record;
    const timeline = momentsOf(record).map(({ atMs, ...moment }) => ({ at: isoOf(atMs) ?? null, ...moment }));
    return sayJson({
      workload,
      kind,
      ...verdict,
      lastStatus,
      host: handling?.host ?? null,
      firstDetectedBy,
      identity,
      machine: machine ?? null,
      timeline,
      subjects,
    });
  }
  const paint = colours();
  say(`${paint.bold(printable(record.workload))}\n${paint.bold(verdictText(verdict, record))}\n`);
  const known = Object.entries({ ...record.identity, host: record.handling?.host ?? 'unknown' }).sort();
  const facts = record.kind === 'ecs-task' ? [...known, ...hostFacts(machine)] : known;
  say(columns(facts.map(([fact, value]) => [`  ${fact}`, printable(value)])));
  say(`\n${paint.bold('What happened')}`);
  say(columns(linesOf(momentsOf(record), record)));
  if (record.handling && verdict.verdict === 'pending') say(`  ${outlook(record, record.handling, nowMs)}`);
  say(`\n${paint.bold('What was seen')}`);
  say(columns(tableOf(subjects, record)));
}

/** What can still come of a life without a verdict. */
function outlook(record: WorkloadRecord, { host, queryKeys }: Handling, nowMs: number): string {
  const untilMs = awaitedUntilMs(record);
  if (untilMs > nowMs && !host) return `Its queries wait for its host to become known, until ${when(untilMs)} at most.`;
  if (untilMs > nowMs) return `An answer is waited for until ${when(untilMs)}.`;
  if (queryKeys.length > 0) return 'A container of it is still to start, and will be asked about.';
  return 'Nothing was asked about it so far: no rule wanted to know, or nothing could be asked ("query_refused" in the log). Its end may ask.';
}

function verdictText(verdict: Verdict, record: WorkloadRecord): string {
  if (verdict.verdict !== 'missed') return verdict.verdict;
  return `missed: ${verdict.reason} (${adviceOn(verdict.reason, record)})`;
}

/** What to say of trouble that an answer had, or the lack of one. */
const TROUBLE: Readonly<Record<Trouble, string>> = {
  denylisted: 'osquery refused to run the SQL, which had killed it before',
  'query-failed': 'osquery answered with an error',
  'no-row': 'answered without naming it, or one of its containers',
  'too-large': 'a query about it would have been too long',
  'unsafe-id': 'a query left an id out: it has characters that never reach SQL',
  unanswered: 'a question was taken, alone too, and not answered by an agent that polled on',
  limited: 'a limit dropped a question about it',
  'host-gone': 'its host had ended',
  'agent-silent': 'a question was taken, and never answered',
  expired: 'a question expired before the agent came',
  'not-on-platform': 'nothing was asked that could prove it: the platform of its host lacks the tables',
};

/** What happened, in order. Times are AWS's for events (in whole seconds) and states, ours for the rest: they may differ by a little. */
function momentsOf(record: WorkloadRecord): Moment[] {
  const { handling, firstEventAtMs, occurredAtMs, lastStatus, stopped, identity, times = {} } = record;
  const { firstReceivedAtMs, firstDetectedBy, deliveredAtMs, firstAnswerAtMs, firstStoredAtMs, firstAnswerFrom } =
    record;
  const { firstQuery, queryCounts = [] } = handling ?? {};
  const of = (stage: Stage, atMs: number | undefined, what: string): Moment[] =>
    atMs === undefined ? [] : [{ stage, atMs, what }];
  const told = (detectedBy: typeof firstDetectedBy, event: string, change: string) =>
    detectedBy === 'event' ? event : `${change}, which no event told of`;
  const heard = (detectedBy: typeof firstDetectedBy) => (detectedBy === 'event' ? 'received' : 'found by a sweep');
  const askedOnFirst =
    !firstQuery || (firstQuery.eventAtMs === firstEventAtMs && firstQuery.receivedAtMs === firstReceivedAtMs);
  const isAgain = (firstAnswerFrom?.deliveredAtMs ?? 0) > (deliveredAtMs ?? 0);
  const isNews = occurredAtMs > firstEventAtMs && occurredAtMs !== firstQuery?.eventAtMs;
  const end = ['stopped', identity.stop_code, identity.stopped_reason].filter(Boolean).join(': ');
  const moments = [
    ...of('created', times.createdAtMs, 'created'),
    ...of('pulling', times.pullStartedAtMs, 'began to pull its images'),
    ...of('started', times.startedAtMs, 'its containers started'),
    ...of('event', firstEventAtMs, told(firstDetectedBy, 'first event', 'first change')),
    ...of('received', firstReceivedAtMs, heard(firstDetectedBy)),
    ...(askedOnFirst
      ? []
      : [
          ...of(
            'event',
            firstQuery.eventAtMs,
            told(firstQuery.detectedBy, 'the event that asked', 'the change that asked'),
          ),
          ...of('received', firstQuery.receivedAtMs, `${heard(firstQuery.detectedBy)}: what asked`),
        ]),
    ...[...queryCounts, ...record.lastGasps].flatMap(({ set, atMs, queries }) =>
      of('queued', atMs, `asked: ${count(queries, `${set} query`, `${set} queries`)}`),
    ),
    ...of('delivered', deliveredAtMs, 'delivered to its host'),
    ...of('delivered', isAgain ? firstAnswerFrom?.deliveredAtMs : undefined, 'delivered: what was answered first'),
    ...of('answered', firstAnswerAtMs, 'answered'),
    ...of('stored', firstStoredAtMs, 'stored'),
    ...of('ended', times.executionStoppedAtMs, 'its containers ended'),
    ...(stopped ? of('stopped', times.stoppedAtMs ?? occurredAtMs, end) : []),
    ...of('event', !stopped && isNews ? occurredAtMs : undefined, `last event: ${lastStatus}`),
  ].sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  return [...moments, ...record.troubles.map((trouble): Moment => ({ stage: 'trouble', what: TROUBLE[trouble] }))];
}

function linesOf(moments: readonly Moment[], { firstEventAtMs }: WorkloadRecord): string[][] {
  const lines = moments.map(({ atMs, what }) =>
    atMs === undefined
      ? { at: 'time not noted', distance: '', what }
      : { at: when(atMs), distance: distance(atMs - firstEventAtMs), what },
  );
  const width = Math.max(...lines.map((line) => line.distance.length));
  return lines.map((line) => [`  ${line.at}`, line.distance.padStart(width), printable(line.what)]);
}

const HOUR_MS = 3_600_000;

/** `+5.0 s`, `-310 s`, `+2h 5m`, `+6d 13h` */
function distance(ms: number): string {
  const sign = ms < 0 ? '-' : '+';
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  const hours = Math.floor(minutes / 60);
  if (Math.abs(ms) < HOUR_MS) return `${sign}${seconds(Math.abs(ms))}`;
  return hours < 24 ? `${sign}${hours}h ${minutes % 60}m` : `${sign}${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** A container, or an instance itself, with what events and rows say of it. */
type Subject = Partial<TaskContainer> & {
  readonly name: string;
  readonly seen: SeenHow;
  readonly command?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
};

function subjectsOf(record: WorkloadRecord): Subject[] {
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

/** The columns of which there is anything to say. */
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

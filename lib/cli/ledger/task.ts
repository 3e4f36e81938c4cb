import { ADVICE } from '../../core/ledger/advice.ts';
import { type TaskContainer, type Verdict, verdictOf, type WorkloadRecord } from '../../core/ledger/workload.ts';
import { at, type PlaceFlags } from '../place.ts';
import { colours, columns, count, duration, grouped, printable, say, sayJson, seconds, when } from '../print.ts';
import { machineFacts, machineOf } from './machine.ts';

/** One thing that happened in a life. */
interface Moment {
  readonly atMs: number;
  readonly what: string;
}

/** How a container, or an instance itself, was seen. */
type SeenHow = 'alive' | 'post-mortem' | 'not seen' | 'never started' | 'not started yet';

/** Shows one life: what is known of it, what happened when, and of what there was evidence. */
export async function task(name: string, flags: PlaceFlags & { json: boolean }): Promise<void> {
  const nowMs = Date.now();
  const { record, machine } = await at(flags, async (place) => {
    const found = await place.book.find(name, nowMs);
    if (!found)
      throw new Error(
        `${place.name} knows no ${name}: neither an event nor a sweep told of it, or it was longer ago than ` +
          `${duration((await place.keepsMs()) / 1000)}, which its ledger keeps`,
      );
    return { record: found, machine: await machineOf(found, place.book, nowMs) };
  });
  const verdict = verdictOf(record, nowMs);
  const subjects = subjectsOf(record);
  if (flags.json) {
    const { workload, kind, lastStatus, identity, handling, firstToldBy } = record;
    const timeline = momentsOf(record).map(({ atMs, what }) => ({ at: new Date(atMs).toISOString(), what }));
    return sayJson({
      workload,
      kind,
      ...verdict,
      lastStatus,
      host: handling?.host ?? null,
      firstToldBy,
      identity,
      machine: machine ?? null,
      timeline,
      subjects,
    });
  }
  const paint = colours();
  say(`${paint.bold(printable(record.workload))}\n${paint.bold(verdictText(verdict))}\n`);
  const known = Object.entries({ ...record.identity, host: record.handling?.host ?? 'unknown' }).sort();
  const facts = record.kind === 'ecs-task' ? [...known, ...machineFacts(machine)] : known;
  say(columns(facts.map(([fact, value]) => [`  ${fact}`, printable(value)])));
  say(`\n${paint.bold('What happened')}`);
  say(columns(momentsOf(record).map((moment) => lineOf(moment, record))));
  if (record.handling && verdict.verdict === 'pending' && record.handling.settleByMs > nowMs)
    say(`  An answer is waited for until ${when(record.handling.settleByMs)}.`);
  say(`\n${paint.bold('What was seen')}`);
  say(
    columns(
      subjects.map((subject) => [`  ${printable(subject.name)}`, subject.seen, ...factsOf(subject).map(printable)]),
    ),
  );
}

function verdictText(verdict: Verdict): string {
  return verdict.verdict === 'missed' ? `missed: ${verdict.reason} (${ADVICE[verdict.reason]})` : verdict.verdict;
}

/** What happened, in order. Times are AWS's for events and ours for the rest: they may differ by a little. */
function momentsOf(record: WorkloadRecord): Moment[] {
  const { handling, firstEventAtMs, occurredAtMs, lastStatus, stopped, identity } = record;
  const { firstReceivedAtMs, firstToldBy, deliveredAtMs, firstAnswerAtMs, firstStoredAtMs } = record;
  const moments: (Moment | false | undefined)[] = [
    { atMs: firstEventAtMs, what: firstToldBy === 'event' ? 'first event' : 'first change, which no event told of' },
    { atMs: firstReceivedAtMs, what: firstToldBy === 'event' ? 'received' : 'found by a sweep' },
    handling?.firstAsked && { atMs: handling.firstAsked.queuedAtMs, what: `asked: ${questions(record)}` },
    deliveredAtMs !== undefined && { atMs: deliveredAtMs, what: 'delivered to its host' },
    firstAnswerAtMs !== undefined && { atMs: firstAnswerAtMs, what: 'answered' },
    firstStoredAtMs !== undefined && { atMs: firstStoredAtMs, what: 'stored' },
    (stopped || occurredAtMs > firstEventAtMs) && {
      atMs: occurredAtMs,
      what: stopped ? ['stopped', identity.stop_code].filter(Boolean).join(': ') : `last event: ${lastStatus}`,
    },
  ];
  return moments.filter((moment): moment is Moment => Boolean(moment)).sort((a, b) => a.atMs - b.atMs);
}

/** `2 live queries, 1 post-mortem query` */
function questions({ handling }: WorkloadRecord): string {
  const sets = grouped(handling?.asked ?? [], ({ set }) => set);
  return [...sets].map(([set, { length }]) => count(length, `${set} query`, `${set} queries`)).join(', ');
}

const lineOf = ({ atMs, what }: Moment, { firstEventAtMs }: WorkloadRecord): string[] => [
  `  ${when(atMs)}`,
  `${atMs < firstEventAtMs ? '-' : '+'}${seconds(Math.abs(atMs - firstEventAtMs))}`.padStart(8),
  printable(what),
];

type Subject = Partial<TaskContainer> & { readonly name: string; readonly seen: SeenHow };

function subjectsOf(record: WorkloadRecord): Subject[] {
  if (record.containers.length === 0) return record.subjects.map((id) => ({ name: id, seen: seenHow(record, id) }));
  return record.containers.map((container) => ({ ...container, seen: seenHow(record, container.runtimeId) }));
}

function seenHow({ seenLive, seenPostMortem, stopped }: WorkloadRecord, id: string | undefined): SeenHow {
  if (id === undefined) return stopped ? 'never started' : 'not started yet';
  if (seenLive.includes(id)) return 'alive';
  return seenPostMortem.includes(id) ? 'post-mortem' : 'not seen';
}

const factsOf = ({ image, imageDigest, exitCode, essential, reason }: Subject): string[] => [
  image ?? '-',
  imageDigest ?? '-',
  exitCode === undefined ? '-' : `exit code ${exitCode}`,
  [...(essential === false ? ['not essential'] : []), ...(reason ? [reason] : [])].join(', '),
];

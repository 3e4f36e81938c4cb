import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { grouped } from '../../core/grouped.ts';
import {
  EVENT_LATENCY_MS,
  HOLD_MS,
  HOT_INTERVAL_SECONDS,
  QUERY_RUN_MS,
  REFUSED_MS,
  ROUND_TRIP_MS,
  SWEEP_EVERY_MS,
  SWEEP_RUN_MS,
  WAKE_MS,
} from '../../core/ledger/bound.ts';
import { STAGES, type Stage } from '../../core/ledger/clocks.ts';
import { type Answers, type ClassMtta, type LateAnswer, mttaOf } from '../../core/ledger/mtta.ts';
import { everyEntry } from '../../core/nodes/directory.ts';
import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import { columns, count, figures, printable, prose, say, sayJson, seconds, when } from '../terminal/print.ts';
import { meant, nothing, type SinceFlags, sinceThen } from './coverage.ts';

/** The times that the bounds assume. */
const ASSUMED = {
  eventLatencyMs: EVENT_LATENCY_MS,
  roundTripMs: ROUND_TRIP_MS,
  queryRunMs: QUERY_RUN_MS,
  refusedMs: REFUSED_MS,
  hotIntervalSeconds: HOT_INTERVAL_SECONDS,
  sweepRunMs: SWEEP_RUN_MS,
  wakeMs: WAKE_MS,
  holdMs: HOLD_MS,
};

/** The step between two stages, and what to do if a late answer spent most of its time there. */
const WAYS: Readonly<Record<Stage, { readonly name: string; readonly advice: string }>> = {
  eventToReceivedMs: {
    name: 'event → received',
    advice: 'the event arrived late, or waited in its queue: docs/runbook.md, "Oldest event"',
  },
  receivedToQueuedMs: {
    name: 'received → queued',
    advice: 'the function was slow: check its Duration, and throttling of the table and of ECS',
  },
  queuedToDeliveredMs: {
    name: 'queued → delivered',
    advice:
      'the agent polled late, or more queries waited than one delivery takes: lower distributed_interval, raise queries_per_delivery',
  },
  deliveredToAnsweredMs: {
    name: 'delivered → answered',
    advice: 'the queries were slow, or the agent restarted: make them cheaper, or send fewer at once',
  },
  answeredToStoredMs: { name: 'answered → stored', advice: 'Firehose was slow; agents wait for it' },
};

/** Shows the bound of each class of nodes, and the measured times. */
export async function mtta(flags: SinceFlags): Promise<void> {
  const nowMs = Date.now();
  const measure = async ({ ledgerIndex, store, directory, sweeps }: Deployment) => {
    // The deployment writes the built-in policy into an empty table.
    const { profiles } = (await store.current())?.policy ?? builtIn.policy;
    const { everyMs = SWEEP_EVERY_MS, heldEverySeconds } = await sweeps.read();
    const records = meant(sinceThen(ledgerIndex, flags, nowMs), flags);
    const found = await mttaOf(records, profiles, await everyEntry(directory), {
      sweepEveryMs: everyMs,
      heldEverySeconds,
    });
    const answers = found.all.answers + found.swept.answers + found.launches.answers;
    return {
      ...found,
      sweepEveryMs: everyMs,
      none: answers === 0 ? await nothing(ledgerIndex, flags, nowMs) : undefined,
    };
  };
  const found = await withDeployment(flags, measure, 'follows');
  const { none, late, stages, classes, sweepEveryMs, ...rest } = found;
  if (flags.json) {
    const lateAnswers = late.map(({ eventAtMs, ...one }) => ({ ...one, eventAt: new Date(eventAtMs).toISOString() }));
    const times = { since: new Date(flags.since).toISOString(), at: new Date(nowMs).toISOString() };
    return sayJson({ ...times, assumed: { ...ASSUMED, sweepEveryMs }, classes, ...rest, stages, late: lateAnswers });
  }
  const { all, swept, launches } = rest;
  const others = [
    ['all from events', all],
    ['found by a sweep', swept],
    ['EC2 launches', launches],
  ] as const;
  const named = others.filter(([name, { answers }]) => answers > 0 || name.startsWith('all'));
  say(
    figures([HEAD, ...classes.map(classLine), ...named.map(([name, answers]) => line(name, answers))], { drop: DROP }),
  );
  if (all.answers + swept.answers > 0) {
    const ways = STAGES.map((stage) => [WAYS[stage].name, ...percentiles(stages[stage])]);
    say(`\n${figures([['where the time goes', 'max', 'p99', 'p95', 'p50'], ...ways])}`);
  }
  const held = heldNote(classes);
  if (held) say(`\n${prose(held)}`);
  sayLate(late);
  if (none) say(`\n${none}`);
  say(
    `\n${prose(`Since ${when(flags.since)}. Plan with the bound, not with an average: only the bound is guaranteed.`)}`,
  );
}

const HEAD = 'class,nodes,every,bound,hot,no event,answers,max,p99,p95,p50,late'.split(',');

/** Columns that are hidden on a narrow terminal, the least important first. */
const DROP = ['no event', 'p95', 'nodes', 'p99', 'hot'];

function classLine({ name, inForce, nodes, intervalSeconds, isHeld, boundsMs, late, ...answers }: ClassMtta): string[] {
  const { idleMs, hotMs, unheardMs } = boundsMs;
  const every = isHeld ? 'held' : `${intervalSeconds} s`;
  const bounds = [seconds(idleMs), isHeld ? '-' : seconds(hotMs), seconds(unheardMs)];
  const of = `${printable(name)}${inForce ? '' : ', before'}`;
  return line(of, answers, [inForce ? String(nodes) : '-', every, ...bounds], String(late));
}

/** What "held" in the table means for the bound; undefined if no class of agents is held. */
function heldNote(classes: readonly ClassMtta[]): string | undefined {
  const { lateHintMs } = classes.find(({ isHeld }) => isHeld)?.boundsMs ?? {};
  if (lateHintMs === undefined) return undefined;
  return `held: the front answers a read within ${seconds(WAKE_MS)} of the query. If that hint is late, the read ends after ${seconds(HOLD_MS)}: ${seconds(lateHintMs)}.`;
}

const line = (
  name: string,
  { answers, timeToAnswerMs }: Answers,
  bounds = Array(5).fill('-'),
  late = '-',
): string[] => [name, ...bounds, String(answers), ...percentiles(timeToAnswerMs), late];

const percentiles = (of: Answers['timeToAnswerMs']): string[] =>
  of ? [of.max, of.p99, of.p95, of.p50].map(seconds) : ['-', '-', '-', '-'];

/** Prints late answers by the step that took most of their time, with what to do about it. */
function sayLate(late: readonly LateAnswer[]): void {
  if (late.length === 0) return;
  say(`\nBeyond the bound: ${count(late.length, 'answer')}`);
  for (const [stage, those] of grouped(late, (one) => one.stage)) {
    say(`\n${prose(`${WAYS[stage].name}: ${WAYS[stage].advice}`)}`);
    const rows = those.map(({ eventAtMs, timeToAnswerMs, lateByMs, workload, host }) => [
      `  ${when(eventAtMs)}`,
      `took ${seconds(timeToAnswerMs)}, ${seconds(lateByMs)} too late`,
      printable(workload),
      `on ${printable(host)}`,
    ]);
    say(columns(rows));
  }
}

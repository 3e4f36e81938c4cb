import { readFile } from 'node:fs/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pc from 'picocolors';
import { DynamoLedger } from '../../lib/aws/ledger/ledger.ts';
import { openTable } from '../../lib/aws/table/table.ts';
import type { Ledger } from '../../lib/core/ledger/ledger.ts';
import { verdictOf } from '../../lib/core/ledger/verdict.ts';
import type { WorkloadRecord } from '../../lib/core/ledger/workload.ts';
import type { LocalMayfly } from '../local-aws/index.ts';
import { frame, seconds } from './frame.ts';
import { latestRow } from './latest-row.ts';
import { score, type TaskCard } from './scoreboard.ts';
import { Screen } from './screen.ts';
import { pause, settle } from './settle.ts';
import { closing, summary, taskOf } from './summary.ts';
import type { World } from './world.ts';

export interface DemoOptions {
  readonly world: World;
  readonly mayfly: LocalMayfly;
  readonly forever: boolean;
  /** Receives one JSON object per line; replaces the live view. */
  readonly json: ((line: object) => void) | undefined;
  /** Flags that select this Mayfly on a command line, with a leading space; empty if none are needed. */
  readonly flags: string;
  /** `distributed_interval` of the agents' flagfile. */
  readonly intervalSeconds: number;
  /** Whether the front holds reads. */
  readonly isHeld: boolean;
  /** Ends the workload early. The demo then settles what is running and prints the summary. */
  readonly signal: AbortSignal;
  /** Also ends the settling. */
  readonly hurry: AbortSignal;
}

const WARM_UP_MS = 1_000; // after the hosts register; their agents enroll meanwhile
const WORK_MS = 55_000;
const REST_MS = 12_000; // a hot agent polls every 5 s: two polls for the last task
const REDRAW_MS = 500;
const LEDGER_EVERY_MS = 1_000;
const LINE_EVERY_MS = 5_000;

/**
 * Demonstrates Mayfly's main job live: the talk's sleepy job and a mixed workload on a simulated cluster. Compares
 * Mayfly's ledger with a 60-second schedule on the same hosts. Ends by itself, unless it is set to run on, and prints a
 * summary.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { world, mayfly, forever, json, flags, signal, hurry, intervalSeconds, isHeld } = options;
  const startedAtMs = Date.now();
  const ledger = ledgerOf(mayfly);
  const view = json ? jsonView(json) : process.stdout.isTTY ? liveView() : lineView();

  await world.start({
    url: mayfly.url,
    ca: await readFile(mayfly.certificate, 'utf8'),
    enrollSecret: (await readFile(mayfly.enrollSecret, 'utf8')).trim(),
    putEvents: (events) => mayfly.putEvents(events),
    intervalSeconds,
  });
  const endsAtMs = forever ? undefined : Date.now() + WARM_UP_MS + WORK_MS + REST_MS;
  const work = (async () => {
    await pause(WARM_UP_MS, signal);
    const job = pause(3_000, signal).then(() => (signal.aborted ? undefined : world.runSleepyJob()));
    await Promise.all([job, world.runMixedWorkload(forever ? Number.POSITIVE_INFINITY : Date.now() + WORK_MS)]);
  })();

  const settled = new Map<string, WorkloadRecord>();
  let cards: readonly TaskCard[] = [];
  let row: string | undefined;
  let readAtMs = 0;
  try {
    while (!signal.aborted && (endsAtMs === undefined || Date.now() < endsAtMs)) {
      if (Date.now() - readAtMs >= LEDGER_EVERY_MS) {
        readAtMs = Date.now();
        cards = await cardsOf(world, ledger, settled, readAtMs);
        row = (await latestRow(mayfly.results)) ?? row;
      }
      const hosts = world.hosts(Date.now());
      view.show({ title: 'Mayfly', url: mayfly.url, isHeld, hosts, startedAtMs, endsAtMs, latestRow: row }, cards);
      await pause(REDRAW_MS, signal);
    }
    await work;
    if (signal.aborted)
      view.say(`Settling what is pending, for ${REST_MS / 1000} s at most. Ctrl-C again ends at once.`);
    const lookAgain = async () => {
      cards = await cardsOf(world, ledger, settled, Date.now());
      return score(cards).pending;
    };
    // A demo that ended by itself has already waited for the last answers.
    const pending = signal.aborted ? lookAgain : async () => 0;
    await settle({ pending, idle: () => mayfly.idle(), limitMs: REST_MS, signal: hurry });
    await lookAgain();
  } finally {
    view.close();
    await world.stop();
  }
  if (json) json({ summary: summary(cards, Date.now()) });
  else process.stdout.write(closing(cards, flags, isHeld));
}

function ledgerOf(mayfly: LocalMayfly): Ledger {
  const { dynamodb: endpoint, credentials, tableName } = mayfly;
  return new DynamoLedger(openTable(tableName, new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })));
}

/**
 * Returns one card per task. `settled` caches the records that can no longer change, so that a long demo reads only
 * recent ones.
 */
async function cardsOf(
  world: World,
  ledger: Ledger,
  settled: Map<string, WorkloadRecord>,
  nowMs: number,
): Promise<TaskCard[]> {
  const open = world.tasks.flatMap(({ arn }) => (settled.has(arn) ? [] : [arn]));
  const fresh = new Map((await ledger.read(open)).map((record) => [record.workload, record]));
  for (const [arn, record] of fresh) {
    if (record.stopped && ['seen', 'never-started'].includes(verdictOf(record, nowMs).verdict))
      settled.set(arn, record);
  }
  return world.tasks.map((task) => {
    const record = settled.get(task.arn) ?? fresh.get(task.arn);
    const verdict = record ? verdictOf(record, nowMs) : ({ verdict: 'pending' } as const);
    return {
      arn: task.arn,
      family: task.family,
      host: task.host.instanceId,
      startedAtMs: task.containers[0]?.startedAtMs,
      endedAtMs: task.containers[0]?.stoppedAtMs,
      verdict: verdict.verdict,
      reason: 'reason' in verdict ? verdict.reason : undefined,
      answeredAtMs: record?.firstAnswerAtMs,
      fetchedAfterMs: fetchedAfterMs(record),
      bySchedule: world.bySchedule(task),
    };
  });
}

/** How long the query of a task's first answer waited for its agent. */
function fetchedAfterMs(record: WorkloadRecord | undefined): number | undefined {
  const queuedAtMs = record?.handling?.firstQuery?.queuedAtMs;
  const deliveredAtMs = record?.deliveredAtMs;
  return queuedAtMs && deliveredAtMs ? Math.max(0, deliveredAtMs - queuedAtMs) : undefined;
}

interface View {
  show(scene: Parameters<typeof frame>[0], cards: readonly TaskCard[]): void;
  /** Shows a message as text. */
  say(text: string): void;
  close(): void;
}

function liveView(): View {
  const screen = new Screen(process.stdout);
  return {
    show: (scene, cards) => screen.draw(frame(scene, cards, { nowMs: Date.now(), rows: screen.rows, color: pc })),
    say: (text) => process.stdout.write(`${text}\n`),
    close: () => screen.close(),
  };
}

/** A view for a pipe or a log: one line every few seconds. */
function lineView(): View {
  let shownAtMs = 0;
  return {
    show: ({ startedAtMs }, cards) => {
      if (Date.now() - shownAtMs < LINE_EVERY_MS) return;
      shownAtMs = Date.now();
      const { tasks, seen, postMortem, missed, pending, bySchedule } = score(cards);
      process.stdout.write(
        `${seconds(shownAtMs - startedAtMs).padStart(6)}  ${tasks} tasks: ${seen} seen, ${postMortem} post-mortem, ` +
          `${missed} missed, ${pending} pending; a 60-second schedule saw ${bySchedule}\n`,
      );
    },
    say: (text) => process.stdout.write(`${text}\n`),
    close: () => undefined,
  };
}

/** A view that emits one JSON line whenever a task's verdict changes. */
function jsonView(emit: (line: object) => void): View {
  const shown = new Map<string, string>();
  return {
    show: (_, cards) => {
      for (const card of cards) {
        if (shown.get(card.arn) === card.verdict) continue;
        shown.set(card.arn, card.verdict);
        emit({ task: taskOf(card) });
      }
    },
    say: () => undefined,
    close: () => undefined,
  };
}

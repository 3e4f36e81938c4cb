import type { Profile } from '../policy/policy.ts';
import { type Bounds, boundsOf, pollingOf } from './bound.ts';
import { clocksOf, STAGES, type Stage } from './clocks.ts';
import { clusterOf } from './coverage.ts';
import { firstAnswerOf, type Judged } from './first-answer.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import type { Poller, WorkloadRecord } from './workload.ts';

/** How long first answers took, next to their guaranteed bounds. */
export interface Mtta {
  /** Every profile of the policy, in its order; then former profiles that have answers. */
  readonly classes: readonly ClassMtta[];
  /** Of all tasks detected by an event. */
  readonly all: Answers;
  /** Of tasks detected by a sweep, because no event arrived; the bound for missing events applies to them. */
  readonly swept: Answers;
  /** Of EC2 instances: their time includes boot and enrollment, which no poll interval bounds. */
  readonly launches: Answers;
  /** Of all tasks. */
  readonly stages: Readonly<Record<Stage, Percentiles | null>>;
  /** Answers later than the bound of their class, the most overdue first. */
  readonly late: readonly LateAnswer[];
}

/** First answers about workloads; time counts from the trigger to the first row. */
export interface Answers {
  readonly answers: number;
  readonly timeToAnswerMs: Percentiles | null;
}

/** The answers of one class of nodes: those of one profile, which poll in the same way. */
export interface ClassMtta extends Answers {
  readonly name: string;
  /** Whether nodes of this profile poll in this way now. A query counts for the way of polling at the time when it was queued. */
  readonly inForce: boolean;
  readonly nodes: number;
  readonly intervalSeconds: number;
  /** Whether the front held empty reads. */
  readonly isHeld: boolean;
  readonly boundsMs: Bounds;
  readonly late: number;
}

export interface LateAnswer {
  readonly workload: string;
  readonly cluster: string | null;
  readonly host: string;
  readonly class: string;
  readonly eventAtMs: number;
  readonly timeToAnswerMs: number;
  readonly lateByMs: number;
  /** The stage that took most of the time. */
  readonly stage: Stage;
}

/** The settings of a deployment on which bounds depend. */
interface MttaSettings {
  /** How often the reconciler sweeps. */
  readonly sweepEveryMs: number;
  /** `distributed_interval` of all agents behind the long-poll front. @default - agents connect to the other front */
  readonly heldEverySeconds?: number;
}

/**
 * Measures how long first answers took, each against the bound that applied when its query was queued.
 *
 * @param nodes enrolled nodes, to count those of each class
 * @example
 * const { all, late } = await mttaOf(records, policy.profiles, nodes, { sweepEveryMs: 60_000 });
 * // all: { answers: 412, timeToAnswerMs: { p50: 6100, p95: 10900, p99: 11200, max: 11800 } }, late: []
 */
export async function mttaOf(
  records: AsyncIterable<WorkloadRecord> | Iterable<WorkloadRecord>,
  profiles: readonly Profile[],
  nodes: readonly { readonly profile?: string }[],
  settings: MttaSettings,
): Promise<Mtta> {
  const tally = new MttaTally(profiles, settings);
  for await (const record of records) {
    const answer = firstAnswerOf(record, settings.sweepEveryMs);
    if (answer) tally.add(record, answer);
  }
  return tally.summary(nodes);
}

class MttaTally {
  readonly #sweepEveryMs: number;
  readonly #classes: NodeClass[];
  readonly #waits = { launches: [] as number[], all: [] as number[], swept: [] as number[] };
  readonly #stages = STAGES.map((stage) => ({ stage, took: [] as number[] }));
  readonly #late: LateAnswer[] = [];

  constructor(profiles: readonly Profile[], { sweepEveryMs, heldEverySeconds }: MttaSettings) {
    this.#sweepEveryMs = sweepEveryMs;
    this.#classes = profiles.map(
      (profile) =>
        new NodeClass({ profile: profile.name, ...pollingOf(profile, heldEverySeconds) }, sweepEveryMs, true),
    );
  }

  add(record: WorkloadRecord, answer: Judged): void {
    const { timeToAnswerMs, ...clocks } = clocksOf(answer.instants);
    if (record.kind === 'ec2-instance') {
      this.#waits.launches.push(timeToAnswerMs);
      return;
    }
    for (const { stage, took } of this.#stages) if (clocks[stage] !== null) took.push(clocks[stage]);
    const nodeClass = this.#classOf(answer.poller);
    if (answer.instants.detectedBy === 'sweep') this.#waits.swept.push(timeToAnswerMs);
    else for (const waits of [this.#waits.all, nodeClass.waits]) waits.push(timeToAnswerMs);
    if (answer.lateMs === 0) return;
    nodeClass.late += 1;
    this.#late.push(lateAnswer(record, answer));
  }

  #classOf(poller: Poller): NodeClass {
    const known = this.#classes.find((each) => each.isOf(poller));
    if (known) return known;
    const former = new NodeClass(poller, this.#sweepEveryMs, false);
    this.#classes.push(former);
    return former;
  }

  summary(nodes: readonly { readonly profile?: string }[]): Mtta {
    return {
      classes: this.#classes.map((each) => each.summary(nodes)),
      all: answersOf(this.#waits.all),
      swept: answersOf(this.#waits.swept),
      launches: answersOf(this.#waits.launches),
      stages: Object.fromEntries(this.#stages.map(({ stage, took }) => [stage, percentilesOf(took)])) as Mtta['stages'],
      late: this.#late.sort((a, b) => b.lateByMs - a.lateByMs || (a.workload < b.workload ? -1 : 1)),
    };
  }
}

function lateAnswer(record: WorkloadRecord, { instants, poller, lateMs }: Judged): LateAnswer {
  const clocks = clocksOf(instants);
  return {
    workload: record.workload,
    cluster: clusterOf(record),
    host: record.handling?.host ?? '',
    class: poller.profile,
    eventAtMs: instants.eventAtMs,
    timeToAnswerMs: clocks.timeToAnswerMs,
    lateByMs: lateMs,
    stage: STAGES.reduce((most, stage) => ((clocks[stage] ?? 0) > (clocks[most] ?? 0) ? stage : most)),
  };
}

type ClassPolling = Omit<Poller, 'enrolledAtMs'>;

class NodeClass {
  readonly waits: number[] = [];
  late = 0;
  readonly #polling: ClassPolling;
  readonly #sweepEveryMs: number;
  readonly #inForce: boolean;

  constructor(polling: ClassPolling, sweepEveryMs: number, inForce: boolean) {
    this.#polling = polling;
    this.#sweepEveryMs = sweepEveryMs;
    this.#inForce = inForce;
  }

  isOf({ profile, intervalSeconds, isHeld = false }: ClassPolling): boolean {
    const own = this.#polling;
    return own.profile === profile && own.intervalSeconds === intervalSeconds && (own.isHeld ?? false) === isHeld;
  }

  summary(nodes: readonly { readonly profile?: string }[]): ClassMtta {
    const { profile, intervalSeconds, isHeld = false } = this.#polling;
    return {
      name: profile,
      inForce: this.#inForce,
      nodes: this.#inForce ? nodes.filter((node) => node.profile === profile).length : 0,
      intervalSeconds,
      isHeld,
      boundsMs: boundsOf({ intervalSeconds, isHeld, sweepEveryMs: this.#sweepEveryMs }),
      ...answersOf(this.waits),
      late: this.late,
    };
  }
}

const answersOf = (waits: readonly number[]): Answers => ({
  answers: waits.length,
  timeToAnswerMs: percentilesOf(waits),
});

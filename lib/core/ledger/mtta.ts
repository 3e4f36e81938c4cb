import type { Profile } from '../policy/policy.ts';
import { type Bounds, boundsOf, intervalSecondsOf } from './bound.ts';
import { clocksOf, STAGES, type Stage } from './clocks.ts';
import { clusterOf } from './coverage.ts';
import { firstAnswerOf, type Judged } from './first-answer.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import type { Poller, WorkloadRecord } from './workload.ts';

/** How long answers took, beside what is guaranteed. */
export interface Mtta {
  /** Each profile of the policy, in its order; then what profiles were before, as far as something was answered then. */
  readonly classes: readonly ClassMtta[];
  /** Of all tasks that events told of. */
  readonly all: Answers;
  /** Of tasks that a sweep told of, as no event had; they have the bound without an event. */
  readonly swept: Answers;
  /** Of EC2 instances: their time holds boot and enrollment, which no interval bounds. */
  readonly launches: Answers;
  /** Of all tasks. */
  readonly stages: Readonly<Record<Stage, Percentiles | null>>;
  /** Answers beyond the bound of their class, the latest first. */
  readonly late: readonly LateAnswer[];
}

/** First answers about workloads, each from the event that asked to the first row. */
export interface Answers {
  readonly answers: number;
  readonly timeToAnswerMs: Percentiles | null;
}

/** A class of nodes: those with one profile, which polls them all alike. */
export interface ClassMtta extends Answers {
  readonly name: string;
  /** Whether the policy in force says so; what was asked before it counts for what was in force then. */
  readonly inForce: boolean;
  readonly nodes: number;
  readonly intervalSeconds: number;
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
  /** Where most of the time went. */
  readonly stage: Stage;
}

/**
 * Measures the lives of a time, each against the bound that held when it was asked about.
 *
 * @param sweepEveryMs how often the reconciler sweeps
 */
export async function mttaOf(
  records: AsyncIterable<WorkloadRecord> | Iterable<WorkloadRecord>,
  profiles: readonly Profile[],
  nodes: readonly { readonly profile?: string }[],
  sweepEveryMs: number,
): Promise<Mtta> {
  const classes = profiles.map(
    (profile) =>
      new NodeClass({ profile: profile.name, intervalSeconds: intervalSecondsOf(profile) }, sweepEveryMs, true),
  );
  const waits: Record<'launches' | 'all' | 'swept', number[]> = { launches: [], all: [], swept: [] };
  const stages = STAGES.map((stage) => ({ stage, took: [] as number[] }));
  const late: LateAnswer[] = [];
  for await (const record of records) {
    const answer = firstAnswerOf(record, sweepEveryMs);
    if (!answer) continue;
    const { timeToAnswerMs, ...clocks } = clocksOf(answer.instants);
    if (record.kind === 'ec2-instance') {
      waits.launches.push(timeToAnswerMs);
      continue;
    }
    for (const { stage, took } of stages) if (clocks[stage] !== null) took.push(clocks[stage]);
    let own = classes.find((each) => each.isOf(answer.poller));
    if (!own) {
      own = new NodeClass(answer.poller, sweepEveryMs, false);
      classes.push(own);
    }
    if (answer.instants.toldBy === 'sweep') waits.swept.push(timeToAnswerMs);
    else for (const group of [waits.all, own.waits]) group.push(timeToAnswerMs);
    if (answer.lateMs === 0) continue;
    own.late += 1;
    late.push(lateAnswer(record, answer));
  }
  return {
    classes: classes.map((each) => each.summary(nodes)),
    all: answersOf(waits.all),
    swept: answersOf(waits.swept),
    launches: answersOf(waits.launches),
    stages: Object.fromEntries(stages.map(({ stage, took }) => [stage, percentilesOf(took)])) as Mtta['stages'],
    late: late.sort((a, b) => b.lateByMs - a.lateByMs || (a.workload < b.workload ? -1 : 1)),
  };
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

type Polling = Pick<Poller, 'profile' | 'intervalSeconds'>;

class NodeClass {
  readonly waits: number[] = [];
  late = 0;
  readonly #polling: Polling;
  readonly #sweepEveryMs: number;
  readonly #inForce: boolean;

  constructor(polling: Polling, sweepEveryMs: number, inForce: boolean) {
    this.#polling = polling;
    this.#sweepEveryMs = sweepEveryMs;
    this.#inForce = inForce;
  }

  isOf({ profile, intervalSeconds }: Polling): boolean {
    return this.#polling.profile === profile && this.#polling.intervalSeconds === intervalSeconds;
  }

  summary(nodes: readonly { readonly profile?: string }[]): ClassMtta {
    const { profile, intervalSeconds } = this.#polling;
    return {
      name: profile,
      inForce: this.#inForce,
      nodes: this.#inForce ? nodes.filter((node) => node.profile === profile).length : 0,
      intervalSeconds,
      boundsMs: boundsOf({ intervalSeconds, sweepEveryMs: this.#sweepEveryMs }),
      ...answersOf(this.waits),
      late: this.late,
    };
  }
}

const answersOf = (waits: readonly number[]): Answers => ({
  answers: waits.length,
  timeToAnswerMs: percentilesOf(waits),
});

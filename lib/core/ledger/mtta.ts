import type { DirectoryEntry } from '../nodes/directory.ts';
import type { Profile } from '../policy/policy.ts';
import { type Bounds, boundsOf, intervalSecondsOf, lateByMs } from './bound.ts';
import { clocksOf, type Instants, STAGES, type Stage } from './clocks.ts';
import { clusterOf } from './coverage.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import type { WorkloadRecord } from './workload.ts';

/** How long answers took, beside what is guaranteed. */
export interface Mtta {
  /** Each profile of the policy, in its order. */
  readonly classes: readonly ClassMtta[];
  /** Of tasks on hosts that are enrolled no longer: nobody knows how often their agents polled. */
  readonly gone: Answers;
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

/** Measures the lives of a time against the bounds of the policy in force now. */
export async function mttaOf(
  records: AsyncIterable<WorkloadRecord> | Iterable<WorkloadRecord>,
  profiles: readonly Profile[],
  directory: readonly DirectoryEntry[],
): Promise<Mtta> {
  const classes = profiles.map((profile) => new NodeClass(profile, directory));
  const classOf = new Map(directory.map(({ hostIdentifier, profile }) => [hostIdentifier, profile]));
  const waits: Record<'gone' | 'launches' | 'all' | 'swept', number[]> = { gone: [], launches: [], all: [], swept: [] };
  const stages = STAGES.map((stage) => ({ stage, took: [] as number[] }));
  const late: LateAnswer[] = [];
  for await (const record of records) {
    const instants = instantsOf(record);
    if (!instants) continue;
    const { timeToAnswerMs, ...clocks } = clocksOf(instants);
    if (record.kind === 'ec2-instance') {
      waits.launches.push(timeToAnswerMs);
      continue;
    }
    for (const { stage, took } of stages) if (clocks[stage] !== null) took.push(clocks[stage]);
    const own = classes.find(({ name }) => name === classOf.get(record.handling?.host ?? ''));
    if (instants.toldBy === 'sweep') waits.swept.push(timeToAnswerMs);
    else for (const group of [waits.all, own?.waits ?? waits.gone]) group.push(timeToAnswerMs);
    const found = own?.lateAnswer(record, instants);
    if (found) late.push(found);
  }
  return {
    classes: classes.map((each) => each.summary()),
    gone: answersOf(waits.gone),
    all: answersOf(waits.all),
    swept: answersOf(waits.swept),
    launches: answersOf(waits.launches),
    stages: Object.fromEntries(stages.map(({ stage, took }) => [stage, percentilesOf(took)])) as Mtta['stages'],
    late: late.sort((a, b) => b.lateByMs - a.lateByMs),
  };
}

class NodeClass {
  readonly waits: number[] = [];
  readonly name: string;
  readonly #nodes: number;
  readonly #intervalSeconds: number;
  #late = 0;

  constructor(profile: Profile, directory: readonly DirectoryEntry[]) {
    this.name = profile.name;
    this.#intervalSeconds = intervalSecondsOf(profile);
    this.#nodes = directory.filter((entry) => entry.profile === profile.name).length;
  }

  lateAnswer(record: WorkloadRecord, instants: Instants): LateAnswer | undefined {
    // What waited for its host's first enrollment has no bound; the ledger knows no more of it than this.
    const { host = '', enrolled = false } = record.handling ?? {};
    const late = enrolled ? lateByMs(instants, this.#intervalSeconds) : 0;
    if (late === 0) return undefined;
    this.#late += 1;
    const clocks = clocksOf(instants);
    return {
      workload: record.workload,
      cluster: clusterOf(record),
      host,
      class: this.name,
      eventAtMs: instants.eventAtMs,
      timeToAnswerMs: clocks.timeToAnswerMs,
      lateByMs: late,
      stage: STAGES.reduce((most, stage) => ((clocks[stage] ?? 0) > (clocks[most] ?? 0) ? stage : most)),
    };
  }

  summary(): ClassMtta {
    return {
      name: this.name,
      nodes: this.#nodes,
      intervalSeconds: this.#intervalSeconds,
      boundsMs: boundsOf(this.#intervalSeconds),
      ...answersOf(this.waits),
      late: this.#late,
    };
  }
}

const answersOf = (waits: readonly number[]): Answers => ({
  answers: waits.length,
  timeToAnswerMs: percentilesOf(waits),
});

/** The stages of the first question about a workload that was answered; undefined without an answer. */
function instantsOf({ handling, ...record }: WorkloadRecord): Instants | undefined {
  const { firstAnswerAtMs, firstStoredAtMs, deliveredAtMs } = record;
  if (firstAnswerAtMs === undefined) return undefined;
  const asked = handling?.firstAsked;
  return {
    toldBy: asked?.toldBy ?? record.firstToldBy,
    eventAtMs: asked?.eventAtMs ?? record.firstEventAtMs,
    receivedAtMs: asked?.receivedAtMs ?? record.firstReceivedAtMs,
    queuedAtMs: asked?.queuedAtMs ?? record.firstReceivedAtMs,
    ...(deliveredAtMs === undefined ? {} : { deliveredAtMs }),
    answeredAtMs: firstAnswerAtMs,
    ...(firstStoredAtMs === undefined ? {} : { storedAtMs: firstStoredAtMs }),
  };
}

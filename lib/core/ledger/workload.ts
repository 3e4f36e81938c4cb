import type { Decorations } from '../decorations.ts';
import type { QuerySet } from '../policy/query-set.ts';
import type { AddressesSince } from './addresses.ts';
import type { Polling } from './bound.ts';
import type { DetectedBy } from './clocks.ts';
import type { PendingKey } from './pending-key.ts';

/** Reasons why a workload was not seen, most important first: the first one recorded becomes the reason of a miss. */
export const TROUBLES = [
  'denylisted',
  'query-failed',
  'no-row',
  'too-large',
  'unsafe-id',
  'limited',
  'unanswered',
  'host-gone',
  'agent-silent',
  'expired',
  'not-on-platform',
] as const;
export type Trouble = (typeof TROUBLES)[number];

export type MissReason = Trouble | 'no-host' | 'no-id' | 'not-enrolled' | 'no-agent' | 'not-asked' | 'lost-track';

/** The outcome for a workload, as far as it is known now. See `verdictOf`. */
export type Verdict =
  | { readonly verdict: 'pending' } // an answer can still come
  | { readonly verdict: 'seen' } // every essential container was seen alive
  | { readonly verdict: 'post-mortem' } // every essential container was seen, at least one of them only after its end
  | { readonly verdict: 'never-started' } // it ended before any container existed
  | { readonly verdict: 'ignored' } // not seen, and excluded from coverage: see `isIgnored`
  | { readonly verdict: 'missed'; readonly reason: MissReason };

/** One container of a task, as of the latest event. */
export interface TaskContainer {
  readonly name: string;
  readonly lastStatus: string;
  readonly runtimeId?: string;
  /** Its id has characters outside the allowed alphabet, so no query can name it. */
  readonly unsafeId?: true;
  /** False if the task definition marks it as non-essential: the verdict does not require it. */
  readonly essential?: boolean;
  /** It stopped while its task kept running, as an init container does, so it is not essential either. */
  readonly endedFirst?: true;
  readonly image?: string;
  readonly imageDigest?: string;
  readonly exitCode?: number;
  readonly reason?: string;
}

/** When a task reached each of its states, by the clock of ECS, epoch ms. */
export interface TaskTimes {
  readonly createdAtMs?: number;
  readonly pullStartedAtMs?: number; // its network is ready
  readonly startedAtMs?: number; // its containers are running
  readonly executionStoppedAtMs?: number; // its containers have stopped
  readonly stoppedAtMs?: number;
}

/** The agent whose guaranteed bound applies: its profile, how it polls, its enrollment. */
export interface Poller extends Polling {
  readonly profile: string;
  readonly enrolledAtMs: number;
}

/** The first query about a workload. It fixes which guaranteed bound applies to the answer. */
export interface FirstQuery {
  readonly eventAtMs: number; // time of the trigger, by AWS's clock
  readonly receivedAtMs: number; // when Mayfly received the trigger
  readonly queuedAtMs: number;
  readonly detectedBy: DetectedBy;
  /** The agent enrolled on its host at that time. Without one, the bound counts from the later enrollment. */
  readonly poller?: Poller;
}

/** The state of a workload according to one event; replaces the state of an older version. */
export interface WorkloadSnapshot {
  /** ECS task ARN or EC2 instance id. */
  readonly workload: string;
  readonly kind: 'ecs-task' | 'ec2-instance';
  /** Grows with every change: `detail.version` of a task; epoch ms of the launch for an instance, see `versionStep`. */
  readonly version: number;
  /** A version counts as newer only if it is at least this much above the one we have. */
  readonly versionStep: number;
  readonly lastStatus: string;
  readonly desiredStatus: string;
  readonly stopped: boolean;
  /** Ids (container runtime ids, or the instance id) that returned rows must name before the workload counts as seen. */
  readonly subjects: readonly string[];
  readonly containers: readonly TaskContainer[];
  /** Cluster, task definition, launch type, addresses: attributes that identify the workload later. */
  readonly identity: Readonly<Record<string, string>>;
  /** Of a task: the states reached so far. */
  readonly times?: TaskTimes;
  readonly occurredAtMs: number;
  /** When Mayfly received it, by our clock. */
  readonly receivedAtMs: number;
  readonly detectedBy: DetectedBy;
}

/** How many queries of a set were queued at one time. */
export interface QueryCount {
  readonly set: QuerySet;
  readonly atMs: number;
  readonly queries: number;
}

/** The outcome of handling a snapshot. */
export interface Handling {
  readonly host?: string;
  /** Decorations of the EC2 instance it runs on: `instance_id`, `ami_id`, `instance_tags`, … */
  readonly instanceFacts?: Decorations;
  /** Whether the host had an enrolled node when the queries were queued. */
  readonly enrolled: boolean;
  /** Every query queued about it: none is queued twice, and the end of a task withdraws undelivered live queries. */
  readonly queryKeys: readonly PendingKey[];
  /** Answers are awaited until then, epoch ms; 0 if no query was queued. */
  readonly settleByMs: number;
  readonly addressesSince?: AddressesSince; // of a task: since when it has each address
  readonly firstQuery?: FirstQuery;
  /** How many queries of which set were queued when, oldest first. */
  readonly queryCounts?: readonly QueryCount[];
}

/** A verdict as it was published: in metrics and, for a miss, as an event. */
export interface RecordedVerdict {
  readonly verdict: Verdict['verdict'];
  readonly reason?: MissReason;
}

/** The ledger's record of one workload. Facts only grow: sets of ids and troubles, first times, the highest version. */
export interface WorkloadRecord extends WorkloadSnapshot {
  readonly handledVersion: number; // -1 before the first
  readonly handling?: Handling;
  readonly seenLive: readonly string[];
  readonly seenPostMortem: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly firstEventAtMs: number;
  /** When Mayfly received the first event, by our clock; the event's own time if our clock was far behind. @see listedAtMs */
  readonly firstReceivedAtMs: number;
  /** When it was last known to exist, by our clock: an event, or a sweep that found it. */
  readonly lastSignAtMs: number;
  readonly addressesSince: AddressesSince;
  /** Queries queued on events that a newer event superseded while they were handled. */
  readonly lateQueries: readonly PendingKey[];
  /** Ids of closed queries: answered, given up, expired or withdrawn. */
  readonly closed: readonly string[];
  /** Last-gasp queries queued on notices about an instance. */
  readonly lastGasps: readonly QueryCount[];
  readonly firstDetectedBy: DetectedBy;
  readonly deliveredAtMs?: number; // first delivery of a query about it
  readonly firstAnswerAtMs?: number; // first request with a row about it
  readonly firstStoredAtMs?: number; // when that row was stored
  readonly firstAnswerFrom?: AnswerFrom;
  /** Container id → facts from rows about it. */
  readonly facts: Readonly<Record<string, ContainerFacts>>;
  readonly recordedVerdict?: RecordedVerdict;
}

/** The delivery and the agent an answer came from. */
export interface AnswerFrom {
  readonly deliveredAtMs: number; // last delivery of its query
  readonly poller: Poller;
}

/** When an answer arrived, and from which agent. */
export interface Arrival {
  readonly from: AnswerFrom;
  readonly answeredAtMs: number;
  readonly storedAtMs: number; // its rows were stored
}

/** Facts about a container that only rows contain, not events; times by the host's clock. */
export interface ContainerFacts {
  readonly command?: string;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly exitCode?: number;
}

/** Proof from answers that containers of a workload were seen: at least one of them, alive or after its end. */
export interface Sighting extends Arrival {
  readonly live: readonly string[];
  readonly postMortem: readonly string[];
  /** Container id → facts, for ids in `live` or `postMortem`. */
  readonly facts: Readonly<Record<string, ContainerFacts>>;
}

/** What the answers of one write say about one workload. */
export interface Outcome {
  /** Ids of the answered queries; at least one. */
  readonly closes: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly sighting?: Sighting;
}

/** What is recorded about a workload before its next answer: the clocks of that answer depend on it. */
export interface AnswerContext extends Pick<WorkloadRecord, 'kind' | 'deliveredAtMs' | 'firstAnswerAtMs'> {
  readonly firstQuery?: FirstQuery;
}

/** Whether a container counts as essential: yes unless the task definition or its early end shows otherwise. */
export const isEssential = ({ essential, endedFirst }: Pick<TaskContainer, 'essential' | 'endedFirst'>): boolean =>
  essential !== false && !endedFirst;

import type { Decorations } from '../decorations.ts';
import type { QuerySet } from '../policy/query-set.ts';
import type { AddressesSince } from './addresses.ts';
import type { DetectedBy } from './clocks.ts';
import { isIgnored } from './ignored.ts';
import type { PendingKey } from './pending-key.ts';

/** Why a workload was not seen, in the order in which one reason outweighs another. */
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

/** What became of a workload, as far as anybody can tell now. */
export type Verdict =
  | { readonly verdict: 'pending' } // an answer can still come
  | { readonly verdict: 'seen' } // every essential container was seen alive
  | { readonly verdict: 'post-mortem' } // every essential container was seen, at least one of them only after its end
  | { readonly verdict: 'never-started' } // it ended before any container existed: nothing to see
  | { readonly verdict: 'ignored' } // nobody saw it, and nobody expected to
  | { readonly verdict: 'missed'; readonly reason: MissReason };

/** One container of a task, as the latest event says. */
export interface TaskContainer {
  readonly name: string;
  readonly lastStatus: string;
  readonly runtimeId?: string;
  /** It has an id outside the allowed alphabet, so that nothing can be asked about it. */
  readonly unsafeId?: true;
  /** False where the task definition says that the task goes on without it; such a container need not be seen. */
  readonly essential?: boolean;
  /** It had stopped while its task went on running, as an init container does: so the task can do without it, too. */
  readonly endedFirst?: true;
  readonly image?: string;
  readonly imageDigest?: string;
  readonly exitCode?: number;
  readonly reason?: string;
}

/** When a task went through its states, by ECS's own clock, epoch ms. */
export interface TaskTimes {
  readonly createdAtMs?: number;
  readonly pullStartedAtMs?: number; // its network is there
  readonly startedAtMs?: number; // its containers run
  readonly executionStoppedAtMs?: number; // they run no more
  readonly stoppedAtMs?: number;
}

/** The agent that a guarantee is about: of which class, how often it polled while it was cold, and since when. */
export interface Poller {
  readonly profile: string;
  readonly intervalSeconds: number;
  readonly enrolledAtMs: number;
}

/** The first time something was asked about a workload. What is guaranteed about its answer is settled here. */
export interface FirstQuery {
  readonly eventAtMs: number; // when what made us ask occurred, by AWS's clock
  readonly receivedAtMs: number; // when we heard of it
  readonly queuedAtMs: number;
  readonly toldBy: DetectedBy;
  /** The agent that lived on its host then; without one, what is guaranteed counts from an enrollment that is to come. */
  readonly poller?: Poller;
}

/** What one event says of a workload; replaces what an older version said. */
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
  /** Ids that a returned row has to name before the workload counts as seen. */
  readonly subjects: readonly string[];
  readonly containers: readonly TaskContainer[];
  /** Cluster, task definition, launch type, addresses: whatever names the workload later. */
  readonly identity: Readonly<Record<string, string>>;
  /** Of a task, as far as they have come. */
  readonly times?: TaskTimes;
  readonly occurredAtMs: number;
  /** When we got to know, by our clock. */
  readonly receivedAtMs: number;
  readonly toldBy: DetectedBy;
}

/** So many queries of a set were asked at a time. */
export interface QueryCount {
  readonly set: QuerySet;
  readonly atMs: number;
  readonly queries: number;
}

/** What handling a snapshot came to. */
export interface Handling {
  readonly host?: string;
  /** What was known of the EC2 instance behind it, as decorations have it: `instance_id`, `ami_id`, `instance_tags`, … */
  readonly machine?: Decorations;
  /** Whether a node was enrolled for the host when its queries were queued. */
  readonly enrolled: boolean;
  /** Every query asked about it: none is asked twice, and a task's end withdraws the live ones nobody took. */
  readonly asked: readonly PendingKey[];
  /** No answer is waited for beyond this; 0 when nothing was asked. */
  readonly settleByMs: number;
  readonly stays?: AddressesSince; // of a task
  readonly firstAsked?: FirstQuery;
  /** How many queries of which set were asked when, in that order. */
  readonly askings?: readonly QueryCount[];
}

/** A verdict as it was told to the world, in metrics and, for a miss, as an event. */
export interface RecordedVerdict {
  readonly verdict: Verdict['verdict'];
  readonly reason?: MissReason;
}

/** The life of one workload. Facts only grow: sets of ids and troubles, first times, the highest version. */
export interface WorkloadRecord extends WorkloadSnapshot {
  readonly handledVersion: number; // -1: none yet
  readonly handling?: Handling;
  readonly seenLive: readonly string[];
  readonly seenPostMortem: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly firstEventAtMs: number;
  readonly firstReceivedAtMs: number;
  /** The last sign that it was there, by our clock: an event, or a sweep that met it. */
  readonly lastSignAtMs: number;
  readonly stays: AddressesSince;
  /** Asked on events that were superseded while they were handled. */
  readonly alsoAsked: readonly PendingKey[];
  /** Ids of questions that are closed: answered, given up, expired or withdrawn. */
  readonly closed: readonly string[];
  /** What notices asked an instance. */
  readonly lastGasps: readonly QueryCount[];
  readonly firstToldBy: DetectedBy;
  readonly deliveredAtMs?: number; // first hand-over of a query about it
  readonly firstAnswerAtMs?: number; // first request that brought a row about it
  readonly firstStoredAtMs?: number; // when that row was durable
  readonly firstAnswerFrom?: AnswerFrom;
  /** Container id → what the rows said of it. */
  readonly facts: Readonly<Record<string, ContainerFacts>>;
  readonly told?: RecordedVerdict;
}

/** Where an answer came from. */
export interface AnswerFrom {
  readonly deliveredAtMs: number; // its query was handed to the agent, for the last time
  readonly poller: Poller;
}

/** When an answer came, and from where. */
export interface Arrival {
  readonly from: AnswerFrom;
  readonly answeredAtMs: number;
  readonly storedAtMs: number; // it was durable
}

/** What a row says of a container and its events do not; times by the host's clock. */
export interface ContainerFacts {
  readonly command?: string;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly exitCode?: number;
}

/** What one answer proved about a workload. */
export interface Sighting extends Arrival {
  readonly live: readonly string[];
  readonly postMortem: readonly string[];
  /** Of containers among these. */
  readonly facts: Readonly<Record<string, ContainerFacts>>;
  /** The questions that are closed with it; at least one. */
  readonly closes: readonly string[];
}

/** Before these a task has no container that could be asked about. */
export const BEFORE_RUNNING = new Set(['PROVISIONING', 'PENDING', 'ACTIVATING', 'pending']);

/** An event that could not be handled within this is not handled any more: five tries, a minute apart, and their waits. */
const HANDLED_WITHIN_MS = 20 * 60_000;
/** What lives shows itself to the reconciler, which notes it twice a day; a day of silence means that it is gone. */
export const LOST_AFTER_MS = 24 * 3_600_000;

/** Whether nothing was heard of a life for so long that it has ended untold. */
export const isLost = ({ stopped, lastSignAtMs }: WorkloadRecord, nowMs: number): boolean =>
  !stopped && nowMs >= lastSignAtMs + LOST_AFTER_MS;

/**
 * The verdict on one life, decided from its facts and the clock alone, so that it can be asked at any time and never
 * depends on who asked before. While nothing more is asked it only improves: pending → missed → post-mortem → seen.
 *
 * @param nowMs epoch milliseconds
 */
export function verdictOf(record: WorkloadRecord, nowMs: number): Verdict {
  const verdict = ofFacts(record, nowMs);
  return verdict.verdict === 'missed' && isIgnored(record.identity) ? { verdict: 'ignored' } : verdict;
}

function ofFacts(record: WorkloadRecord, nowMs: number): Verdict {
  const { subjects, handling, containers } = record;
  const lost = isLost(record, nowMs);
  if (isComing(record) && !lost) return { verdict: 'pending' };
  if (!hasUnsafeId(record) && subjects.length > 0) {
    const essential = essentialOf(record);
    const isSeen = (id: string): boolean => record.seenLive.includes(id);
    if (essential.every(isSeen)) return { verdict: 'seen' };
    if (essential.every((id) => isSeen(id) || record.seenPostMortem.includes(id))) return { verdict: 'post-mortem' };
  }
  if (hasUnsafeId(record)) return { verdict: 'missed', reason: 'unsafe-id' };
  if (record.stopped && subjects.length === 0) {
    const ran = record.times?.startedAtMs !== undefined || containers.some(({ exitCode }) => exitCode !== undefined);
    return ran ? { verdict: 'missed', reason: 'no-id' } : { verdict: 'never-started' };
  }
  if (record.handledVersion < record.version) return unless(nowMs < record.receivedAtMs + HANDLED_WITHIN_MS);
  if (BEFORE_RUNNING.has(record.lastStatus)) return unless(!lost);
  const isDeserted = record.troubles.includes('host-gone'); // nobody is left who could answer
  const settleByMs = handling?.settleByMs ?? 0;
  if (nowMs < awaitedUntilMs(record) && !isDeserted) return { verdict: 'pending' };
  if (!handling?.host && record.deliveredAtMs === undefined) return { verdict: 'missed', reason: 'no-host' };
  const trouble = worst(record);
  if (settleByMs === 0) {
    // While a task runs, its next event may ask, at the latest its end; beyond that no rule wanted to know.
    if (record.stopped || record.kind === 'ec2-instance' || isDeserted)
      return { verdict: 'missed', reason: trouble ?? 'not-asked' };
    return unless(!lost);
  }
  // That its host is gone explains nothing where nobody was there to answer before.
  const reached = handling?.enrolled || record.deliveredAtMs !== undefined;
  if (!reached && (trouble === undefined || trouble === 'host-gone' || trouble === 'expired'))
    return { verdict: 'missed', reason: record.kind === 'ec2-instance' ? 'no-agent' : 'not-enrolled' };
  return { verdict: 'missed', reason: trouble ?? 'agent-silent' };
}

/**
 * Until when an answer that could prove something is waited for, epoch ms; 0 where none can come any more. A question that is
 * closed is waited for no longer, so that the verdict does not wait for its expiry.
 */
export function awaitedUntilMs({ handling, alsoAsked, closed }: WorkloadRecord): number {
  const { asked = [], settleByMs = 0 } = handling ?? {};
  const provable = [...asked, ...alsoAsked].filter(({ answerByMs }) => answerByMs !== undefined);
  if (provable.length === 0) return settleByMs;
  const open = provable.filter(({ queryId }) => !closed.includes(queryId));
  return Math.min(settleByMs, Math.max(0, ...open.map(({ answerByMs = 0 }) => answerByMs)));
}

/** Whether an essential container is still to start: seeing the others is not all there is to see. */
const isComing = ({ stopped, containers }: WorkloadRecord): boolean =>
  !stopped &&
  containers.some(
    (container) =>
      isEssential(container) &&
      container.runtimeId === undefined &&
      !container.unsafeId &&
      container.lastStatus !== 'STOPPED',
  );

const hasUnsafeId = ({ containers }: WorkloadRecord): boolean =>
  containers.some((container) => isEssential(container) && container.unsafeId);

/** Whether a container counts as essential: all do about which nothing else is known. */
export const isEssential = ({ essential, endedFirst }: Pick<TaskContainer, 'essential' | 'endedFirst'>): boolean =>
  essential !== false && !endedFirst;

/** Ids that have to be seen: those of essential containers, or all where none is known to be. */
function essentialOf({ subjects, containers }: Pick<WorkloadSnapshot, 'subjects' | 'containers'>): readonly string[] {
  const optional = new Set(containers.flatMap((one) => (!isEssential(one) && one.runtimeId ? [one.runtimeId] : [])));
  const essential = subjects.filter((id) => !optional.has(id));
  return essential.length > 0 ? essential : subjects;
}

const unless = (open: boolean): Verdict =>
  open ? { verdict: 'pending' } : { verdict: 'missed', reason: 'lost-track' };

const worst = ({ troubles }: WorkloadRecord): Trouble | undefined =>
  TROUBLES.find((trouble) => troubles.includes(trouble));

import type { PendingKey } from '../queue/pending-query.ts';

/** Why a workload was not seen, in the order in which one reason outweighs another. */
export const TROUBLES = [
  'denylisted',
  'query-failed',
  'no-row',
  'too-large',
  'unsafe-id',
  'limited',
  'agent-silent',
  'expired',
] as const;
export type Trouble = (typeof TROUBLES)[number];

export type MissReason = Trouble | 'no-host' | 'not-enrolled' | 'not-asked';

/** What became of a workload, as far as anybody can tell now. */
export type Verdict =
  | { readonly verdict: 'pending' } // an answer can still come
  | { readonly verdict: 'seen' } // every container was seen alive
  | { readonly verdict: 'post-mortem' } // every container was seen, at least one of them only after its end
  | { readonly verdict: 'never-started' } // it ended before any container existed: nothing to see
  | { readonly verdict: 'missed'; readonly reason: MissReason };

/** One container of a task, as the latest event says. */
export interface TaskContainer {
  readonly name: string;
  readonly lastStatus: string;
  readonly runtimeId?: string;
  readonly image?: string;
  readonly imageDigest?: string;
  readonly exitCode?: number;
  readonly reason?: string;
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
  /** Whether a container has a runtime id outside the allowed alphabet: nothing can be asked about that one. */
  readonly unsafe?: boolean;
  readonly containers: readonly TaskContainer[];
  /** Cluster, task definition, launch type, addresses: whatever names the workload later. */
  readonly identity: Readonly<Record<string, string>>;
  readonly occurredAtMs: number;
}

/** What handling a snapshot came to. */
export interface Handling {
  readonly host?: string;
  /** Whether a node was enrolled for the host when its queries were queued. */
  readonly enrolled: boolean;
  /** Every query asked about it: none is asked twice, and a task's end withdraws the live ones nobody took. */
  readonly asked: readonly PendingKey[];
  /** No answer is waited for beyond this; 0 when nothing was asked. */
  readonly settleByMs: number;
  /** The first time something was asked about it: when the event that asked occurred, and when its query was queued. */
  readonly firstAsked?: { readonly eventAtMs: number; readonly queuedAtMs: number };
}

/** The life of one workload. Facts only grow: sets of ids and troubles, first times, the highest version. */
export interface WorkloadRecord extends WorkloadSnapshot {
  readonly handledVersion: number; // -1: none yet
  readonly handling?: Handling;
  readonly seenLive: readonly string[];
  readonly seenPostMortem: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly firstEventAtMs: number;
  readonly firstAnswerAtMs?: number;
  readonly deliveredAtMs?: number;
}

/** Before these a task has no container that could be asked about. */
const BEFORE_RUNNING = new Set(['PROVISIONING', 'PENDING', 'ACTIVATING', 'pending']);

/**
 * The verdict on one life, decided from its facts and the clock alone, so that it can be asked at any time and never
 * depends on who asked before. It only improves: pending → missed → post-mortem → seen.
 *
 * @param nowMs epoch milliseconds
 */
export function verdictOf(record: WorkloadRecord, nowMs: number): Verdict {
  const live = new Set(record.seenLive);
  const dead = new Set(record.seenPostMortem);
  const { subjects, handling } = record;
  if (record.unsafe) return { verdict: 'missed', reason: 'unsafe-id' };
  if (subjects.length > 0 && subjects.every((id) => live.has(id))) return { verdict: 'seen' };
  if (subjects.length > 0 && subjects.every((id) => live.has(id) || dead.has(id))) return { verdict: 'post-mortem' };
  if (record.stopped && subjects.length === 0) {
    // An event may leave out ids that earlier ones had: what was seen then still was.
    if (live.size + dead.size === 0) return { verdict: 'never-started' };
    return { verdict: live.size > 0 ? 'seen' : 'post-mortem' };
  }
  if (record.handledVersion < record.version) return { verdict: 'pending' };
  if (BEFORE_RUNNING.has(record.lastStatus)) return { verdict: 'pending' };
  if (!handling || (!handling.host && record.deliveredAtMs === undefined))
    return { verdict: 'missed', reason: 'no-host' };
  if (handling.settleByMs === 0) {
    // While a task runs, its next event may ask, at the latest its end; beyond that no rule wanted to know.
    const last = record.stopped || record.kind === 'ec2-instance';
    return last ? { verdict: 'missed', reason: worst(record) ?? 'not-asked' } : { verdict: 'pending' };
  }
  if (nowMs < handling.settleByMs) return { verdict: 'pending' };
  const trouble = worst(record);
  if (trouble) return { verdict: 'missed', reason: trouble };
  const reached = handling.enrolled || record.deliveredAtMs !== undefined;
  return { verdict: 'missed', reason: reached ? 'agent-silent' : 'not-enrolled' };
}

const worst = ({ troubles }: WorkloadRecord): Trouble | undefined =>
  TROUBLES.find((trouble) => troubles.includes(trouble));

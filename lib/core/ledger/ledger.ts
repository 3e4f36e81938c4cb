import type { AddressesSince } from './addresses.ts';
import type { PendingKey } from './pending-key.ts';
import type {
  Handling,
  QueryCount,
  RecordedVerdict,
  Sighting,
  TaskContainer,
  Trouble,
  WorkloadRecord,
  WorkloadSnapshot,
} from './workload.ts';

/**
 * One record for every workload. Each method makes conditional or commutative writes alone, so any order and any number of
 * repeats of the same calls leave the same record.
 */
export interface Ledger {
  /**
   * Records a snapshot if it is newer than what is known; what an older one told and this one leaves out stays.
   *
   * @returns the record when this snapshot is to be handled: it is newer, or it is the very one whose handling never
   *   finished. Undefined when it is stale or a duplicate, which must change nothing.
   */
  advance(snapshot: WorkloadSnapshot): Promise<WorkloadRecord | undefined>;
  /** Says that a version was dealt with, and how; false when a newer version has arrived meanwhile. */
  markHandled(workload: string, version: number, handling: Handling): Promise<boolean>;
  /** Adds questions that were asked on an event which has been superseded meanwhile: the end has to find them, too. */
  addLateQueries(workload: string, asked: readonly PendingKey[]): Promise<void>;
  /** Notes what a notice asked an instance; only for people, as nothing of its life depends on that. */
  recordLastGasp(workload: string, asked: QueryCount): Promise<void>;
  /** Notes the host where its queries went that had waited for it under another name. */
  recordHost(workload: string, host: string): Promise<void>;
  /**
   * Adds what rows proved, and closes their question: subjects seen alive, subjects seen after their end, and what rows say of them. Of a container the
   * first one counts, but for one of after its end.
   *
   * @returns the record as it was before; undefined where there is none, or nothing was proved
   */
  recordSighting(workload: string, sighting: Sighting): Promise<WorkloadRecord | undefined>;
  /**
   * Adds a reason why an answer did not come; nothing without a workload.
   *
   * @param closes ids of questions that are closed with it
   */
  recordTrouble(workload: string | undefined, trouble: Trouble, closes?: readonly string[]): Promise<void>;
  /** Notes questions to which no answer can come any more. */
  closeQueries(workload: string, queryIds: readonly string[]): Promise<void>;
  /** Notes the first hand-over of a query about it. */
  recordDelivery(workload: string, nowMs: number): Promise<void>;
  /**
   * Adds to its identity what events do not tell: image, tags, addresses of an instance. What a snapshot says wins.
   *
   * @param stays since when it has its addresses; takes the place of what was known
   */
  addIdentity(workload: string, identity: Readonly<Record<string, string>>, stays: AddressesSince): Promise<void>;
  /** Lets people find the workload by addresses, from when on it had them. */
  indexAddresses(record: WorkloadRecord, stays: AddressesSince): Promise<void>;
  /** Says that it has these addresses no more. */
  endAddresses(record: WorkloadRecord, stays: AddressesSince, untilMs: number): Promise<void>;
  /** Notes that it was met alive: it counts as lost only a day later, and is remembered for as long as after an event. */
  recordAlive(record: WorkloadRecord, nowMs: number): Promise<void>;
  /** Has its verdict told at this time: what the review's own rounds have passed by. */
  scheduleReview(workload: string, atMs: number): Promise<void>;
  /** Says of a version's containers what its event could not tell; nothing once a newer one has come. */
  amendContainers(workload: string, version: number, containers: readonly TaskContainer[]): Promise<void>;
  /** Notes the verdict that is about to be told; false when this very one was told before. */
  recordVerdict(workload: string, told: RecordedVerdict): Promise<boolean>;
  /** The records of these workloads; unknown ones are left out. */
  read(workloads: readonly string[]): Promise<WorkloadRecord[]>;
}

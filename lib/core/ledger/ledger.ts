import type { AddressesSince } from './addresses.ts';
import type { Advance } from './merge.ts';
import type { PendingKey } from './pending-key.ts';
import type {
  AnswerContext,
  Handling,
  Outcome,
  QueryCount,
  RecordedVerdict,
  TaskContainer,
  Trouble,
  WorkloadRecord,
  WorkloadSnapshot,
} from './workload.ts';

/**
 * The ledger: one record for each workload. Every method makes conditional or commutative writes only, so calls may be
 * repeated or arrive in any order and still produce the same record.
 */
export type Ledger = Workloads & Sightings & AddressIndex & Reviews;

/** How a version was handled, and the ids of the queries that this closed. */
export interface Handled {
  readonly handling: Handling;
  readonly closes: readonly string[];
}

/** Reads records of workloads. */
export interface WorkloadReader {
  /** The records of these workloads, in any order; unknown ones are left out. */
  read(workloads: readonly string[]): Promise<WorkloadRecord[]>;
}

/** Workloads: what events and sweeps say about them, and how it was handled. */
export interface Workloads extends WorkloadReader {
  /**
   * Records a snapshot if it is newer than the record. Facts that the snapshot leaves out are kept.
   *
   * @returns the record if this snapshot must be handled: it is newer, or it is the recorded version and its handling
   *   never finished. Undefined if it is stale or a duplicate; then nothing changed
   */
  advance(snapshot: WorkloadSnapshot): Promise<WorkloadRecord | undefined>;
  /** The first half of `advance`: reads and decides, and writes nothing. @returns undefined if the snapshot is stale or a duplicate */
  prepare(snapshot: WorkloadSnapshot): Promise<Advance | undefined>;
  /**
   * The second half of `advance`: writes a prepared snapshot. With `handled`, one write also records how it was handled.
   *
   * @returns the record; undefined if an event was recorded or handled, or a late query added, since it was read: then nothing changed
   */
  commit(advance: Advance, handled?: Handled): Promise<WorkloadRecord | undefined>;
  /** Records how a version was handled. @returns false if a newer version has been recorded; then nothing changed */
  markHandled(workload: string, version: number, handling: Handling): Promise<boolean>;
  /** Adds queries queued on an event that was superseded meanwhile, so that the end of the workload can withdraw them. */
  addLateQueries(workload: string, queries: readonly PendingKey[]): Promise<void>;
  /** Adds facts about a version's containers that its event lacked; does nothing once a newer version is recorded. */
  amendContainers(workload: string, version: number, containers: readonly TaskContainer[]): Promise<void>;
  /**
   * Adds attributes that events lack: image, tags and addresses of an instance. Attributes of a snapshot take precedence.
   *
   * @param addressesSince since when it has each of its addresses; replaces the recorded ones
   */
  addIdentity(
    workload: string,
    identity: Readonly<Record<string, string>>,
    addressesSince: AddressesSince,
  ): Promise<void>;
  /** Records that it was found alive: it counts as lost only a day later, and is kept as long as after an event. */
  recordAlive(record: WorkloadRecord, nowMs: number): Promise<void>;
}

/** Sightings: the queries about a workload, from delivery to what their answers proved. */
export interface Sightings {
  /** Records the last-gasp queries queued on a notice about an instance. For display only; no decision reads it. */
  recordLastGasp(workload: string, count: QueryCount): Promise<void>;
  /** Records the host to which its queries moved from an alias. */
  recordHost(workload: string, host: string): Promise<void>;
  /** Records the first delivery of a query about it. */
  recordDelivery(workload: string, nowMs: number): Promise<void>;
  /**
   * Adds what answers proved about each workload, or why they proved nothing, and closes their queries. For each container
   * the first facts are kept, except that facts from after its end replace earlier ones.
   *
   * @param outcomes by workload
   * @returns parts of the records before this call, by workload; unknown workloads are missing
   */
  recordOutcomes(outcomes: ReadonlyMap<string, Outcome>): Promise<ReadonlyMap<string, AnswerContext>>;
  /**
   * Adds a reason why an answer is missing. Does nothing if `workload` is undefined.
   *
   * @param closes ids of the queries this closes
   */
  recordTrouble(workload: string | undefined, trouble: Trouble, closes?: readonly string[]): Promise<void>;
  /** Closes queries that can no longer be answered. */
  closeQueries(workload: string, queryIds: readonly string[]): Promise<void>;
}

/** The index from addresses to workloads, for `mayfly who`. */
export interface AddressIndex {
  /** Indexes the workload under each address, from the time it got it. */
  indexAddresses(record: WorkloadRecord, addressesSince: AddressesSince): Promise<void>;
  /** Records that the workload gave up these addresses at `untilMs`. */
  endAddresses(record: WorkloadRecord, addressesSince: AddressesSince, untilMs: number): Promise<void>;
}

/** Reviews: verdicts that are due to be published, and those that were. */
export interface Reviews {
  /** Schedules another review of its verdict, for a time after the regular reviews. */
  scheduleReview(workload: string, atMs: number): Promise<void>;
  /** Records the verdict that is about to be published. @returns false if exactly this verdict was recorded before */
  recordVerdict(workload: string, verdict: RecordedVerdict): Promise<boolean>;
}

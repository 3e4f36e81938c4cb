import type { AddressesSince } from '../core/ledger/addresses.ts';
import { firstAnswer } from '../core/ledger/first-answer.ts';
import type { Handled, Ledger } from '../core/ledger/ledger.ts';
import { type Advance, advanceOf, type Facts, firstFacts } from '../core/ledger/merge.ts';
import { type PendingKey, uniqueKeys } from '../core/ledger/pending-key.ts';
import type {
  AnswerContext,
  Handling,
  Outcome,
  QueryCount,
  RecordedVerdict,
  Sighting,
  TaskContainer,
  Trouble,
  WorkloadRecord,
  WorkloadSnapshot,
} from '../core/ledger/workload.ts';

type Identity = WorkloadSnapshot['identity'];

/** A workload in parts; its record is assembled when it is read. */
interface Entry {
  /** The merged snapshots, without facts from other sources. */
  readonly snapshot: WorkloadSnapshot;
  readonly learned: Identity;
  readonly foundHost?: string;
  readonly facts: Facts;
}

/** The ledger in memory. One process writes it, so each change is atomic. It has no address index. */
export class MemoryLedger implements Ledger {
  readonly #entries = new Map<string, Entry>();
  #again: { readonly workload: string; readonly atMs: number }[] = [];

  /** All records, in the order of their first events. */
  get records(): readonly WorkloadRecord[] {
    return [...this.#entries.values()].map(recordOf);
  }

  record(workload: string): WorkloadRecord | undefined {
    const entry = this.#entries.get(workload);
    return entry && recordOf(entry);
  }

  async advance(news: WorkloadSnapshot): Promise<WorkloadRecord | undefined> {
    const advance = await this.prepare(news);
    return advance && this.#put(advance);
  }

  async prepare(news: WorkloadSnapshot): Promise<Advance | undefined> {
    const known = this.#entries.get(news.workload);
    return advanceOf(known && { snapshot: known.snapshot, record: recordOf(known) }, news);
  }

  async commit(advance: Advance, handled?: Handled): Promise<WorkloadRecord | undefined> {
    const { workload, version } = advance.snapshot;
    if (!isSameState(this.record(workload), advance.known)) return undefined;
    this.#put(advance);
    if (handled) {
      const { handling, closes } = handled;
      this.#change(workload, ({ closed }) => ({ handledVersion: version, handling, closed: union(closed, closes) }));
    }
    return this.record(workload);
  }

  #put({ snapshot, listedAtMs, record: { firstReceivedAtMs, lastSignAtMs } }: Advance): WorkloadRecord {
    const known = this.#entries.get(snapshot.workload);
    const facts = { ...(known?.facts ?? firstFacts(snapshot, listedAtMs)), firstReceivedAtMs, lastSignAtMs };
    const entry: Entry = { learned: {}, ...known, snapshot, facts };
    this.#entries.set(snapshot.workload, entry);
    return recordOf(entry);
  }

  async markHandled(workload: string, version: number, handling: Handling): Promise<boolean> {
    if (this.#entries.get(workload)?.snapshot.version !== version) return false;
    this.#change(workload, () => ({ handledVersion: version, handling }));
    return true;
  }

  async addLateQueries(workload: string, queries: readonly PendingKey[]): Promise<void> {
    this.#change(workload, ({ lateQueries }) => ({ lateQueries: uniqueKeys([...lateQueries, ...queries]) }));
  }

  async recordLastGasp(workload: string, count: QueryCount): Promise<void> {
    this.#change(workload, ({ lastGasps }) => ({
      lastGasps: [...lastGasps.filter((one) => !isSame(one, count)), count],
    }));
  }

  async recordHost(workload: string, host: string): Promise<void> {
    const entry = this.#entries.get(workload);
    if (entry) this.#entries.set(workload, { ...entry, foundHost: host });
  }

  async recordOutcomes(outcomes: ReadonlyMap<string, Outcome>): Promise<ReadonlyMap<string, AnswerContext>> {
    const before = new Map<string, AnswerContext>();
    for (const [workload, { closes, troubles, sighting }] of outcomes) {
      const record = this.record(workload);
      if (!record) continue;
      before.set(workload, { ...record, firstQuery: record.handling?.firstQuery });
      this.#change(workload, (known) => ({
        troubles: union(known.troubles, troubles),
        closed: union(known.closed, closes),
        ...(sighting && seenIn(known, sighting)),
      }));
    }
    return before;
  }

  async recordTrouble(workload: string | undefined, trouble: Trouble, closes: readonly string[] = []): Promise<void> {
    this.#change(workload, ({ troubles, closed }) => ({
      troubles: union(troubles, [trouble]),
      closed: union(closed, closes),
    }));
  }

  async closeQueries(workload: string, queryIds: readonly string[]): Promise<void> {
    this.#change(workload, ({ closed }) => ({ closed: union(closed, queryIds) }));
  }

  async recordDelivery(workload: string, nowMs: number): Promise<void> {
    this.#change(workload, ({ deliveredAtMs }) => ({ deliveredAtMs: deliveredAtMs ?? nowMs }));
  }

  async addIdentity(workload: string, learned: Identity, addressesSince: AddressesSince): Promise<void> {
    const entry = this.#entries.get(workload);
    if (entry) this.#entries.set(workload, { ...entry, learned, facts: { ...entry.facts, addressesSince } });
  }

  async indexAddresses(): Promise<void> {}

  async endAddresses(): Promise<void> {}

  async recordAlive({ workload }: WorkloadRecord, nowMs: number): Promise<void> {
    this.#change(workload, () => ({ lastSignAtMs: nowMs }));
  }

  async scheduleReview(workload: string, atMs: number): Promise<void> {
    this.#again.push({ workload, atMs });
  }

  /** Workloads whose review is due by now. Each scheduled review is returned once. */
  async *due(nowMs: number): AsyncGenerator<readonly WorkloadRecord[]> {
    const due = this.#again.filter(({ atMs }) => atMs <= nowMs);
    if (due.length > 0) yield this.read(due.map(({ workload }) => workload));
    this.#again = this.#again.filter((one) => !due.includes(one));
  }

  async amendContainers(workload: string, version: number, containers: readonly TaskContainer[]): Promise<void> {
    const entry = this.#entries.get(workload);
    if (entry?.snapshot.version !== version) return;
    this.#entries.set(workload, { ...entry, snapshot: { ...entry.snapshot, containers } });
  }

  async recordVerdict(workload: string, verdict: RecordedVerdict): Promise<boolean> {
    const entry = this.#entries.get(workload);
    const before = entry?.facts.recordedVerdict;
    if (!entry || (before?.verdict === verdict.verdict && before.reason === verdict.reason)) return false;
    this.#change(workload, () => ({ recordedVerdict: verdict }));
    return true;
  }

  async read(workloads: readonly string[]): Promise<WorkloadRecord[]> {
    return [...new Set(workloads)].flatMap((workload) => this.record(workload) ?? []);
  }

  /** Changes a record that an event created; answers never create one. */
  #change(workload: string | undefined, change: (facts: Facts) => Partial<Facts>): void {
    const entry = workload === undefined ? undefined : this.#entries.get(workload);
    if (!entry) return;
    const facts = { ...entry.facts, ...change(entry.facts) };
    this.#entries.set(entry.snapshot.workload, { ...entry, facts });
  }
}

/** The facts that a sighting changes. */
function seenIn(known: Facts, sighting: Sighting): Partial<Facts> {
  const { live, postMortem, facts } = sighting;
  const last = Object.entries(facts).filter(([id]) => postMortem.includes(id));
  return {
    seenLive: union(known.seenLive, live),
    seenPostMortem: union(known.seenPostMortem, postMortem),
    facts: { ...facts, ...known.facts, ...Object.fromEntries(last) },
    ...(known.firstAnswerAtMs === undefined ? firstAnswer(sighting) : {}),
  };
}

/** Whether no event was recorded or handled, and no late query added, between two reads of a record. */
const isSameState = (now: WorkloadRecord | undefined, then: WorkloadRecord | undefined): boolean =>
  now?.version === then?.version &&
  now?.handledVersion === then?.handledVersion &&
  now?.lateQueries.length === then?.lateQueries.length;

/** Assembled records by entry. Entries are immutable, and reviews read all of them every minute. */
const records = new WeakMap<Entry, WorkloadRecord>();

function recordOf(entry: Entry): WorkloadRecord {
  const known = records.get(entry);
  if (known) return known;
  const record = assembled(entry);
  records.set(entry, record);
  return record;
}

function assembled({ snapshot, learned, foundHost, facts }: Entry): WorkloadRecord {
  const { handling } = facts;
  return {
    ...snapshot,
    ...facts,
    identity: { ...learned, ...snapshot.identity },
    addressesSince: { ...facts.addressesSince, ...handling?.addressesSince },
    handling: handling && { ...handling, host: handling.host ?? foundHost },
  };
}

const union = <T>(some: readonly T[], more: readonly T[]): readonly T[] => [...new Set([...some, ...more])].sort();

const isSame = (a: QueryCount, b: QueryCount): boolean =>
  a.set === b.set && a.atMs === b.atMs && a.queries === b.queries;

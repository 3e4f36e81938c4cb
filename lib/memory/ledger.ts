import type { Stays } from '../core/ledger/addresses.ts';
import { firstAnswer } from '../core/ledger/first-answer.ts';
import type { Ledger } from '../core/ledger/ledger.ts';
import { isNews, merged } from '../core/ledger/merge.ts';
import type {
  Asked,
  Handling,
  Sighting,
  TaskContainer,
  Told,
  Trouble,
  WorkloadRecord,
  WorkloadSnapshot,
} from '../core/ledger/workload.ts';
import type { PendingKey } from '../core/queue/pending-query.ts';

type Identity = WorkloadSnapshot['identity'];

interface Entry {
  readonly record: WorkloadRecord;
  /** The merged snapshots, without what was learned beside. */
  readonly snapshot: WorkloadSnapshot;
  readonly learned: Identity;
}

/** The ledger; one process writes it, so each change is atomic as it is. By addresses nobody asks it. */
export class MemoryLedger implements Ledger {
  readonly #entries = new Map<string, Entry>();
  #again: { readonly workload: string; readonly atMs: number }[] = [];

  /** Every record there is, in order of its first event. */
  get records(): readonly WorkloadRecord[] {
    return [...this.#entries.values()].map(({ record }) => record);
  }

  record(workload: string): WorkloadRecord | undefined {
    return this.#entries.get(workload)?.record;
  }

  async advance(news: WorkloadSnapshot): Promise<WorkloadRecord | undefined> {
    const { workload, receivedAtMs, toldBy } = news;
    const known = this.#entries.get(workload);
    if (!isNews(known?.record, news)) return undefined;
    const snapshot = merged(known?.snapshot, news);
    const learned = known?.learned ?? {};
    const record: WorkloadRecord = {
      ...{
        handledVersion: -1,
        seenLive: [],
        seenPostMortem: [],
        troubles: [],
        stays: {},
        alsoAsked: [],
        lastGasps: [],
      },
      facts: {},
      ...{ firstEventAtMs: snapshot.occurredAtMs, firstReceivedAtMs: receivedAtMs, firstToldBy: toldBy },
      ...known?.record,
      ...snapshot,
      identity: { ...learned, ...snapshot.identity },
      lastSignAtMs: receivedAtMs,
    };
    this.#entries.set(workload, { record, snapshot, learned });
    return record;
  }

  async handled(workload: string, version: number, handling: Handling): Promise<boolean> {
    if (this.record(workload)?.version !== version) return false;
    this.#change(workload, ({ stays }) => ({ handledVersion: version, handling, stays: handling.stays ?? stays }));
    return true;
  }

  async alsoAsked(workload: string, asked: readonly PendingKey[]): Promise<void> {
    this.#change(workload, ({ alsoAsked }) => ({ alsoAsked: [...alsoAsked, ...asked] }));
  }

  async lastGasp(workload: string, asked: Asked): Promise<void> {
    this.#change(workload, ({ lastGasps }) => ({ lastGasps: [...lastGasps, asked] }));
  }

  async foundHost(workload: string, host: string): Promise<void> {
    this.#change(workload, ({ handling }) => (handling ? { handling: { ...handling, host } } : {}));
  }

  async saw(workload: string, sighting: Sighting): Promise<WorkloadRecord | undefined> {
    const { live, postMortem, facts } = sighting;
    if (live.length + postMortem.length === 0) return undefined;
    const before = this.record(workload);
    const last = Object.entries(facts).filter(([id]) => postMortem.includes(id));
    this.#change(workload, (record) => ({
      seenLive: union(record.seenLive, live),
      seenPostMortem: union(record.seenPostMortem, postMortem),
      facts: { ...facts, ...record.facts, ...Object.fromEntries(last) },
      ...(record.firstAnswerAtMs === undefined ? firstAnswer(sighting) : {}),
    }));
    return before;
  }

  async troubled(workload: string | undefined, trouble: Trouble): Promise<void> {
    this.#change(workload, ({ troubles }) => ({ troubles: union(troubles, [trouble]) }));
  }

  async delivered(workload: string, nowMs: number): Promise<void> {
    this.#change(workload, ({ deliveredAtMs }) => ({ deliveredAtMs: deliveredAtMs ?? nowMs }));
  }

  async identify(workload: string, learned: Identity, stays: Stays): Promise<void> {
    const entry = this.#entries.get(workload);
    if (!entry) return;
    const identity = { ...learned, ...entry.snapshot.identity };
    this.#entries.set(workload, { ...entry, learned, record: { ...entry.record, identity, stays } });
  }

  async came(): Promise<void> {}

  async left(): Promise<void> {}

  async alive({ workload }: WorkloadRecord, nowMs: number): Promise<void> {
    this.#change(workload, () => ({ lastSignAtMs: nowMs }));
  }

  async lookAgain(workload: string, atMs: number): Promise<void> {
    this.#again.push({ workload, atMs });
  }

  /** Those that are to be looked at again by now; afterwards they are so no more. */
  async *due(nowMs: number): AsyncGenerator<readonly WorkloadRecord[]> {
    const due = this.#again.filter(({ atMs }) => atMs <= nowMs);
    if (due.length > 0) yield this.read(due.map(({ workload }) => workload));
    this.#again = this.#again.filter((one) => !due.includes(one));
  }

  async amend(workload: string, version: number, containers: readonly TaskContainer[]): Promise<void> {
    const entry = this.#entries.get(workload);
    if (entry?.record.version !== version) return;
    const [snapshot, record] = [
      { ...entry.snapshot, containers },
      { ...entry.record, containers },
    ];
    this.#entries.set(workload, { ...entry, snapshot, record });
  }

  async tell(workload: string, told: Told): Promise<boolean> {
    const before = this.record(workload)?.told;
    if (before?.verdict === told.verdict && before.reason === told.reason) return false;
    this.#change(workload, () => ({ told }));
    return true;
  }

  async read(workloads: readonly string[]): Promise<WorkloadRecord[]> {
    return [...new Set(workloads)].flatMap((workload) => this.record(workload) ?? []);
  }

  /** Only a record that an event made is changed: an answer never brings one into being. */
  #change(workload: string | undefined, change: (record: WorkloadRecord) => Partial<WorkloadRecord>): void {
    const entry = workload === undefined ? undefined : this.#entries.get(workload);
    if (entry)
      this.#entries.set(entry.record.workload, { ...entry, record: { ...entry.record, ...change(entry.record) } });
  }
}

const union = <T>(some: readonly T[], more: readonly T[]): readonly T[] => [...new Set([...some, ...more])].sort();

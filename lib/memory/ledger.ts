import type { Ledger } from '../core/ledger/ledger.ts';
import type { Handling, Sighting, Told, Trouble, WorkloadRecord, WorkloadSnapshot } from '../core/ledger/workload.ts';

type Identity = WorkloadSnapshot['identity'];

/** The ledger; one process writes it, so each change is atomic as it is. */
export class MemoryLedger implements Ledger {
  readonly #records = new Map<string, WorkloadRecord>();
  /** What the latest snapshot tells of each, and what was learned beside. */
  readonly #identities = new Map<string, { readonly told: Identity; readonly learned: Identity }>();

  /** Every record there is, in order of its first event. */
  get records(): readonly WorkloadRecord[] {
    return [...this.#records.values()];
  }

  record(workload: string): WorkloadRecord | undefined {
    return this.#records.get(workload);
  }

  async advance(snapshot: WorkloadSnapshot): Promise<WorkloadRecord | undefined> {
    const { workload, version, versionStep, occurredAtMs, receivedAtMs, toldBy } = snapshot;
    const before = this.#records.get(workload);
    const isNewer = !before || before.version <= version - versionStep;
    const isOpen = before?.version === version && before.handledVersion < version;
    if (!isNewer && !isOpen) return undefined;
    const facts = {
      ...{ handledVersion: -1, seenLive: [], seenPostMortem: [], troubles: [] },
      ...{ firstEventAtMs: occurredAtMs, firstReceivedAtMs: receivedAtMs, firstToldBy: toldBy },
    };
    const identity = this.#identify(workload, { told: snapshot.identity });
    const record: WorkloadRecord = { ...facts, ...before, ...snapshot, identity };
    this.#records.set(workload, record);
    return record;
  }

  async handled(workload: string, version: number, handling: Handling): Promise<boolean> {
    if (this.#records.get(workload)?.version !== version) return false;
    this.#change(workload, () => ({ handledVersion: version, handling }));
    return true;
  }

  async saw(workload: string, { live, postMortem, answeredAtMs, storedAtMs }: Sighting): Promise<void> {
    if (live.length + postMortem.length === 0) return;
    this.#change(workload, (record) => ({
      seenLive: union(record.seenLive, live),
      seenPostMortem: union(record.seenPostMortem, postMortem),
      firstAnswerAtMs: record.firstAnswerAtMs ?? answeredAtMs,
      firstStoredAtMs: record.firstStoredAtMs ?? storedAtMs,
    }));
  }

  async troubled(workload: string | undefined, trouble: Trouble): Promise<void> {
    this.#change(workload, ({ troubles }) => ({ troubles: union(troubles, [trouble]) }));
  }

  async delivered(workload: string, nowMs: number): Promise<void> {
    this.#change(workload, ({ deliveredAtMs }) => ({ deliveredAtMs: deliveredAtMs ?? nowMs }));
  }

  async identify(workload: string, identity: Readonly<Record<string, string>>): Promise<void> {
    this.#change(workload, () => ({ identity: this.#identify(workload, { learned: identity }) }));
  }

  async tell(workload: string, told: Told): Promise<boolean> {
    const before = this.#records.get(workload)?.told;
    if (before?.verdict === told.verdict && before.reason === told.reason) return false;
    this.#change(workload, () => ({ told }));
    return true;
  }

  async read(workloads: readonly string[]): Promise<WorkloadRecord[]> {
    return [...new Set(workloads)].flatMap((workload) => this.#records.get(workload) ?? []);
  }

  #identify(workload: string, news: { readonly told?: Identity; readonly learned?: Identity }): Identity {
    const both = { told: {}, learned: {}, ...this.#identities.get(workload), ...news };
    this.#identities.set(workload, both);
    return { ...both.learned, ...both.told };
  }

  /** Only a record that an event made is changed: an answer never brings one into being. */
  #change(workload: string | undefined, change: (record: WorkloadRecord) => Partial<WorkloadRecord>): void {
    const record = workload === undefined ? undefined : this.#records.get(workload);
    if (record) this.#records.set(record.workload, { ...record, ...change(record) });
  }
}

const union = <T>(some: readonly T[], more: readonly T[]): readonly T[] => [...new Set([...some, ...more])].sort();

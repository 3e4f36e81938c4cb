import type { Ledger } from '../../core/ledger/ledger.ts';
import type { Handling, Trouble, WorkloadRecord, WorkloadSnapshot } from '../../core/ledger/workload.ts';
import type { NodeDirectory } from '../../core/nodes/directory.ts';
import type { Aliases, NodeRegistry } from '../../core/nodes/registry.ts';
import type { HostPartition, HostQueue } from '../../core/queue/host-queue.ts';
import type { PendingKey, PendingQuery } from '../../core/queue/pending-query.ts';
import type { FanOutProgress, FanOuts } from '../../core/triggers/fan-out.ts';

/*
 * The ports of the core in memory, for a replay of events: one process, so each write is atomic as it is, and no agent,
 * so nobody enrolls, polls or answers. Where they answer, they answer what their siblings on DynamoDB would.
 */

/** For what only an agent's request does. */
const noAgent = async (): Promise<never> => {
  throw new Error('there is no agent in a replay');
};

export class MemoryLedger implements Ledger {
  readonly #records = new Map<string, WorkloadRecord>();
  readonly saw = noAgent;
  readonly delivered = noAgent;

  async advance(snapshot: WorkloadSnapshot): Promise<WorkloadRecord | undefined> {
    const { workload, version, versionStep, occurredAtMs } = snapshot;
    const before = this.#records.get(workload);
    const isNewer = !before || before.version <= version - versionStep;
    const isOpen = before?.version === version && before.handledVersion < version;
    if (!isNewer && !isOpen) return undefined;
    const facts = { handledVersion: -1, seenLive: [], seenPostMortem: [], troubles: [], firstEventAtMs: occurredAtMs };
    const record: WorkloadRecord = { ...facts, ...before, ...snapshot };
    this.#records.set(workload, record);
    return record;
  }

  async handled(workload: string, version: number, handling: Handling): Promise<boolean> {
    const record = this.#records.get(workload);
    if (record?.version !== version) return false;
    this.#records.set(workload, { ...record, handledVersion: version, handling });
    return true;
  }

  async troubled(workload: string | undefined, trouble: Trouble): Promise<void> {
    const record = workload === undefined ? undefined : this.#records.get(workload);
    if (!record) return;
    const troubles = [...new Set([...record.troubles, trouble])].sort();
    this.#records.set(record.workload, { ...record, troubles });
  }

  async read(workloads: readonly string[]): Promise<WorkloadRecord[]> {
    return [...new Set(workloads)].flatMap((workload) => this.#records.get(workload) ?? []);
  }
}

/** Told of every query that is added or taken back. */
export interface QueueWatch {
  queued(query: PendingQuery): void;
  withdrawn(query: PendingQuery): void;
}

export class MemoryHostQueue implements HostQueue {
  readonly #watch: QueueWatch;
  readonly #pending = new Map<string, PendingQuery>();
  readonly #spaces = new Map<string, { readonly queryId: string; readonly untilMs: number }>();
  readonly claim = noAgent;
  readonly deliver = noAgent;
  readonly redeliver = noAgent;
  readonly complete = noAgent;
  readonly abandon = noAgent;

  constructor(watch: QueueWatch) {
    this.#watch = watch;
  }

  async open(host: string): Promise<HostPartition> {
    const keys = [...this.#pending.keys()].sort();
    const pending = keys.flatMap((key) => this.#pending.get(key) ?? []);
    return { deliveries: [], pending: pending.filter((query) => query.host === host) };
  }

  // Where an agent polls, what has expired goes.
  async waiting(host: string, nowMs: number): Promise<ReadonlySet<string>> {
    const { pending } = await this.open(host);
    return new Set(pending.filter(({ expiresAtMs }) => expiresAtMs > nowMs).map(({ queryId }) => queryId));
  }

  async space(host: string, text: string, queryId: string, nowMs: number, untilMs: number): Promise<boolean> {
    const key = JSON.stringify([host, text]);
    const held = this.#spaces.get(key);
    if (held && held.queryId !== queryId && held.untilMs > nowMs) return false;
    this.#spaces.set(key, { queryId, untilMs });
    return true;
  }

  async enqueue(query: PendingQuery): Promise<void> {
    if (this.#pending.has(nameOf(query))) return;
    this.#pending.set(nameOf(query), query);
    this.#watch.queued(query);
  }

  async remove(keys: readonly PendingKey[]): Promise<void> {
    for (const key of keys) {
      const query = this.#pending.get(nameOf(key));
      if (query) this.#watch.withdrawn(query);
      this.#pending.delete(nameOf(key));
    }
  }
}

const nameOf = ({ host, priority, queryId }: PendingKey): string => JSON.stringify([host, priority, queryId]);

export class MemoryRegistry implements NodeRegistry {
  readonly enroll = noAgent;
  readonly seen = noAgent;
  async find(): Promise<undefined> {}
  async heat(): Promise<void> {}
}

export class MemoryAliases implements Aliases {
  readonly #hosts = new Map<string, string>();

  async hostOf(alias: string): Promise<string | undefined> {
    return this.#hosts.get(alias);
  }

  async learn(alias: string, host: string): Promise<void> {
    this.#hosts.set(alias, host);
  }
}

export class MemoryDirectory implements NodeDirectory {
  readonly note = noAgent;
  readonly runs = noAgent;
  async page(): Promise<{ entries: [] }> {
    return { entries: [] };
  }
}

export class MemoryFanOuts implements FanOuts {
  readonly #places = new Map<string, FanOutProgress>();

  async resume(id: string): Promise<FanOutProgress> {
    return this.#places.get(id) ?? { hosts: 0, done: false };
  }

  async save(id: string, progress: FanOutProgress): Promise<void> {
    this.#places.set(id, progress);
  }
}

import type { Campaigns } from '../../lib/core/campaigns/campaign.ts';
import { enroll } from '../../lib/core/enrollment/enroll.ts';
import type { FleetIssues } from '../../lib/core/fleet/fleet-issue.ts';
import { learnInstance } from '../../lib/core/hosts/learn-instance.ts';
import { otherHostOf } from '../../lib/core/hosts/resolve-host.ts';
import type { Ledger } from '../../lib/core/ledger/ledger.ts';
import { verdictOf } from '../../lib/core/ledger/verdict.ts';
import type { Verdict, WorkloadRecord } from '../../lib/core/ledger/workload.ts';
import type { NodeDirectory } from '../../lib/core/nodes/directory.ts';
import type { Node, NodeIdentity } from '../../lib/core/nodes/node.ts';
import { pollerOf } from '../../lib/core/nodes/poller.ts';
import type { Aliases, NodeRegistry, NodeState } from '../../lib/core/nodes/registry.ts';
import { drain } from '../../lib/core/queue/drain.ts';
import type { FanOuts } from '../../lib/core/queue/fan-out.ts';
import type { HostQueue } from '../../lib/core/queue/host-queue.ts';
import type { OfferedQuery } from '../../lib/core/queue/offers.ts';
import type { PendingQuery } from '../../lib/core/queue/pending-query.ts';
import type { DrainLimits } from '../../lib/core/queue/plan-drain.ts';
import type { Answer } from '../../lib/core/results/answer.ts';
import { giveUp } from '../../lib/core/results/give-up.ts';
import { handleAnswers } from '../../lib/core/results/handle-answers.ts';
import type { StoredAnswers } from '../../lib/core/results/stored-answers.ts';
import { renderSql } from '../../lib/core/sql/render.ts';
import { ContainerHosts, type ContainerInstanceLookup } from '../../lib/core/triggers/container-hosts.ts';
import { type EventDeps, handleEvent, prepareBatch } from '../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../lib/core/triggers/parse.ts';
import type { TaskDefinitions } from '../../lib/core/triggers/task-definitions.ts';
import { MemoryCampaigns } from '../../lib/memory/campaigns.ts';
import { MemoryFleetIssues } from '../../lib/memory/fleet-issues.ts';
import { MemoryHosts } from '../../lib/memory/hosts.ts';
import { MemoryLedger } from '../../lib/memory/ledger.ts';
import { MemoryAliases, MemoryDirectory } from '../../lib/memory/nodes.ts';
import { MemoryFanOuts, MemoryStoredAnswers } from '../../lib/memory/progress.ts';
import { anIdentity } from './an-agent.ts';
import { FakeEcs } from './fake-ecs.ts';
import { FakeSink } from './fake-sink.ts';
import type { AnyEvent } from './fixtures.ts';
import { inForce } from './plain-policy.ts';
import { MINUTE, T0 } from './times.ts';

/** Every port that stores data, as one function has them. */
export interface Ports {
  readonly queue: HostQueue;
  readonly ledger: Ledger;
  readonly registry: NodeRegistry & NodeState;
  readonly aliases: Aliases;
  readonly storedAnswers: StoredAnswers;
  readonly fleetIssues: FleetIssues;
  readonly directory: NodeDirectory;
  readonly fanOuts: FanOuts;
  readonly campaigns: Campaigns;
}

/** Mayfly without its edges: the core's real functions, with the test's clock. */
export abstract class BaseWorld<P extends Ports = Ports> {
  nowMs = T0;
  readonly now = (): number => this.nowMs;
  /** The current function's remaining time. */
  timeLeftMs = (): number => 15_000;
  readonly ports: P;
  readonly ecs = new FakeEcs();
  readonly sink = new FakeSink();
  /** The policy in force. A test can replace it at any time. */
  policy = inForce();
  readonly reports: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  readonly report = (event: string, fields: Readonly<Record<string, unknown>>): void => {
    this.reports.push({ event, fields });
  };
  #deps: EventDeps | undefined;

  constructor(ports: (now: () => number) => P) {
    this.ports = ports(this.now);
  }

  /** Mayfly's ECS lookups on these ports. */
  protected abstract ecsOver(ports: Ports): { lookup: ContainerInstanceLookup; definitions: TaskDefinitions };

  /** Replaces the functions by new ones, which empties their caches. */
  coldStart(): void {
    this.#deps = undefined;
  }

  /** `distributed_interval` of all agents, if the front holds their reads. */
  heldEverySeconds: number | undefined;

  /** The dependencies of the event handlers, on these ports. */
  taskDeps(ports: Ports = this.ports) {
    const { lookup, definitions } = this.ecsOver(ports);
    const hosts = new ContainerHosts(ports.aliases, lookup, this.now);
    const { heldEverySeconds, now, report } = this;
    return { ...ports, hosts, definitions, policy: () => this.policy(), now, report, heldEverySeconds };
  }

  /** Handles events as one batch of a function. Throws a handler's error and skips the remaining events. */
  async take(...events: AnyEvent[]): Promise<void> {
    this.#deps ??= this.taskDeps();
    const parsed = events.map((event) => parseEvent(JSON.parse(JSON.stringify(event)), 'event', this.nowMs));
    await prepareBatch(parsed, this.#deps);
    for (const event of parsed) {
      const outcome = await handleEvent(event, { ...this.#deps, queued: [] });
      this.report('event_handled', { kind: event.kind, outcome });
    }
  }

  /** The outcome of each event handled so far, in order. */
  outcomes(): unknown[] {
    return this.reports.flatMap(({ event, fields }) => (event === 'event_handled' ? [fields.outcome] : []));
  }

  /** Returns a host's pending queries with name, rule and SQL. */
  async waiting(host: string): Promise<{ query: string; rule: string; sql: string }[]> {
    const { pending } = await this.ports.queue.read(host, true);
    return pending
      .map(({ query, rule, sql, bindings }) => ({ query, rule, sql: renderSql(sql, bindings) }))
      .sort((a, b) => (a.query < b.query ? -1 : 1));
  }

  async record(workload: string): Promise<WorkloadRecord> {
    const [record] = await this.ports.ledger.read([workload]);
    if (!record) throw new Error(`the ledger has no ${workload}`);
    return record;
  }

  async verdict(workload: string): Promise<Verdict> {
    return verdictOf(await this.record(workload), this.nowMs);
  }

  async enroll(host: string, identity: Partial<NodeIdentity> = {}, ports: Ports = this.ports) {
    const who = { hostIdentifier: host, identity: anIdentity(identity) };
    const outcome = await enroll(who, await this.policy(), { ...ports, now: this.now, report: this.report });
    if (outcome.kind === 'ended') throw new Error(`${host} has ended`);
    if (outcome.kind === 'revoked') throw new Error(`${host} was revoked`);
    if (outcome.kind === 'refused') throw new Error(`${host} was refused: ${outcome.why}`);
    return outcome;
  }

  /** A node whose enrollment queries are completed. */
  async aNode(host: string, identity: Partial<NodeIdentity> = {}): Promise<Node> {
    const { node } = await this.enroll(host, identity);
    const { pending } = await this.ports.queue.read(host, true);
    await this.ports.queue.remove(pending.filter((query) => query.set === 'enrollment'));
    return node;
  }

  /** Makes one poll of the host's agent. */
  async poll(host: string, limits?: DrainLimits, ports: Ports = this.ports): Promise<OfferedQuery[]> {
    const partition = await ports.queue.read(host);
    const { node } = partition;
    const deps = { ...ports, sink: this.sink, now: this.now, report: this.report, timeLeftMs: this.timeLeftMs };
    const drained = await drain(partition, this.nowMs, {
      ...ports,
      limits,
      giveUp: async (delivery, given) => node === undefined || giveUp(node, delivery, given, deps),
    });
    return [...drained.queries];
  }

  /** Makes one distributed write of the host's agent. @returns false if the agent must retry */
  async answer(
    host: string,
    answers: readonly Answer[],
    ports: Omit<Ports, 'storedAnswers'> & { readonly storedAnswers: StoredAnswers } = this.ports,
  ): Promise<boolean> {
    const node = await ports.registry.find(host, true);
    if (!node) throw new Error(`no node at ${host}`);
    return handleAnswers(node, answers, {
      ...ports,
      timeLeftMs: this.timeLeftMs,
      sink: this.sink,
      now: this.now,
      report: this.report,
      poller: async () => pollerOf(node, (await this.policy()).policy.profiles, this),
      sweepEveryMs: MINUTE,
      learnConfig: (name, hash) => ports.directory.recordConfigHash(name, hash),
      seesContainers: () => ports.registry.recordDockerAccess(host, this.nowMs),
      otherHostOf: (name) => otherHostOf(name, host, { ...ports, now: this.now }),
      learnInstance: async (name, instance) => {
        await learnInstance(name, instance, { ...ports, now: this.now });
      },
    });
  }
}

const memoryPorts = (now: () => number) => {
  const hosts = new MemoryHosts();
  return {
    queue: hosts,
    ledger: new MemoryLedger(),
    registry: hosts,
    aliases: new MemoryAliases(),
    storedAnswers: new MemoryStoredAnswers(),
    fleetIssues: new MemoryFleetIssues(),
    directory: new MemoryDirectory(now),
    fanOuts: new MemoryFanOuts(),
    campaigns: new MemoryCampaigns(),
  };
};

/** An in-memory world. `test/contract` checks that its ports behave like those on the table. */
export class World extends BaseWorld {
  readonly #memory: ReturnType<typeof memoryPorts>;

  /** @param other a world with which it shares its storage; it has its own clock */
  constructor(other?: World) {
    const clock = { now: () => T0 };
    const memory = other ? other.#memory : memoryPorts(() => clock.now());
    super(() => memory);
    clock.now = this.now;
    this.#memory = memory;
  }

  static async begin(): Promise<World> {
    return new World();
  }

  /** Every ledger record. */
  get records(): readonly WorkloadRecord[] {
    return this.#memory.ledger.records;
  }

  /** Returns every pending query, of all hosts. */
  async everyQuery(): Promise<PendingQuery[]> {
    const { queue } = this.#memory;
    const partitions = await Promise.all(queue.names.map((host) => queue.read(host)));
    return partitions.flatMap(({ pending }) => pending);
  }

  protected override ecsOver() {
    return { lookup: this.ecs, definitions: this.ecs };
  }
}

import { EcsContainerInstances } from '../../lib/aws/container-instances.ts';
import { eventHandler } from '../../lib/aws/event-function.ts';
import { DynamoFanOuts } from '../../lib/aws/fan-outs.ts';
import { DynamoFleetIssues } from '../../lib/aws/fleet-issues.ts';
import { DynamoHostQueue } from '../../lib/aws/host-queue.ts';
import { DynamoLedger } from '../../lib/aws/ledger.ts';
import { DynamoNodeDirectory } from '../../lib/aws/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../lib/aws/node-registry.ts';
import { DynamoStoredAnswers } from '../../lib/aws/stored-answers.ts';
import type { Table } from '../../lib/aws/table.ts';
import { EcsTaskDefinitions } from '../../lib/aws/task-definitions.ts';
import { enroll } from '../../lib/core/enrollment/enroll.ts';
import { learnInstance } from '../../lib/core/hosts/learn-instance.ts';
import { otherHostOf } from '../../lib/core/hosts/resolve-host.ts';
import { type Verdict, verdictOf, type WorkloadRecord } from '../../lib/core/ledger/workload.ts';
import type { Node, NodeIdentity } from '../../lib/core/nodes/node.ts';
import { pollerOf } from '../../lib/core/nodes/poller.ts';
import { drain } from '../../lib/core/queue/drain.ts';
import type { OfferedQuery } from '../../lib/core/queue/offers.ts';
import type { DrainLimits } from '../../lib/core/queue/plan-drain.ts';
import type { Answer } from '../../lib/core/results/answer.ts';
import { giveUp } from '../../lib/core/results/give-up.ts';
import { handleAnswers } from '../../lib/core/results/handle-answers.ts';
import type { StoredAnswers } from '../../lib/core/results/stored-answers.ts';
import { renderSql } from '../../lib/core/sql/render.ts';
import { ContainerHosts } from '../../lib/core/triggers/container-hosts.ts';
import { anIdentity } from './an-agent.ts';
import { aTable } from './dynamodb.ts';
import { FakeEcs } from './fake-ecs.ts';
import { FakeSink } from './fake-sink.ts';
import { type AnyEvent, context, sqsBatch } from './fixtures.ts';
import { inForce } from './plain-policy.ts';
import { MINUTE, T0 } from './times.ts';

/** Everything that stands on one table, as one running function has it. */
export const portsOn = (table: Table) => ({
  queue: new DynamoHostQueue(table),
  ledger: new DynamoLedger(table),
  registry: new DynamoNodeRegistry(table),
  aliases: new DynamoAliases(table),
  storedAnswers: new DynamoStoredAnswers(table),
  fleetIssues: new DynamoFleetIssues(table),
});
export type Ports = ReturnType<typeof portsOn>;

/** Mayfly without its edges: the real functions and adapters on the embedded DynamoDB, with a clock of the test's. */
export class World {
  nowMs = T0;
  readonly now = (): number => this.nowMs;
  /** How long the function that works still lives. */
  timeLeftMs = (): number => 15_000;
  readonly table: Table;
  readonly ports: Ports;
  readonly ecs = new FakeEcs();
  readonly sink = new FakeSink();
  /** What is in force; a test may put another in its place at any time. */
  policy = inForce();
  readonly reports: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  readonly report = (event: string, fields: Readonly<Record<string, unknown>>): void => {
    this.reports.push({ event, fields });
  };
  #function!: ReturnType<typeof eventHandler>;

  constructor(table: Table) {
    this.table = table;
    this.ports = portsOn(table);
    this.coldStart();
  }

  static async begin(): Promise<World> {
    return new World(await aTable());
  }

  /** Puts new instances of the functions in place: whatever they cached is forgotten. */
  coldStart(): void {
    this.#function = eventHandler(this.taskDeps());
  }

  /** What `handleTask` needs, on these ports. */
  taskDeps(ports: Ports = this.ports) {
    const hosts = new ContainerHosts(ports.aliases, new EcsContainerInstances(this.ecs.client), this.now);
    const directory = new DynamoNodeDirectory(this.table, this.now);
    const fanOuts = new DynamoFanOuts(this.table);
    const definitions = new EcsTaskDefinitions(this.table, this.now, this.report, this.ecs.client);
    return {
      ...ports,
      hosts,
      definitions,
      directory,
      fanOuts,
      policy: () => this.policy(),
      now: this.now,
      report: this.report,
    };
  }

  /** Hands events to the functions, all in one batch; returns the ids of the messages that failed. */
  async take(...events: (AnyEvent | string)[]): Promise<string[]> {
    const bodies = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
    const { batchItemFailures } = await this.#function(sqsBatch(bodies), context);
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  /** What became of each event handled so far, in order of handling. */
  outcomes(): unknown[] {
    return this.reports.flatMap(({ event, fields }) => (event === 'event_handled' ? [fields.outcome] : []));
  }

  /** Queries that wait for a host, as SQL, by name. */
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

  /** A host with an agent whose enrollment queries are out of the way. */
  async aNode(host: string, identity: Partial<NodeIdentity> = {}): Promise<Node> {
    const { node } = await this.enroll(host, identity);
    const { pending } = await this.ports.queue.read(host, true);
    await this.ports.queue.remove(pending.filter((query) => query.set === 'enrollment'));
    return node;
  }

  /** One poll of the host's agent. */
  async poll(host: string, limits?: DrainLimits, ports: Ports = this.ports): Promise<OfferedQuery[]> {
    const partition = await ports.queue.read(host);
    const { node } = partition;
    const deps = { ...ports, sink: this.sink, now: this.now, report: this.report, timeLeftMs: this.timeLeftMs };
    const drained = await drain(host, partition, this.nowMs, {
      ...ports,
      limits,
      giveUp: async (delivery, given) => node === undefined || giveUp(node, delivery, given, deps),
    });
    return [...drained.queries];
  }

  /** One distributed write of the host's agent; false means "come again". */
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
      fanOuts: new DynamoFanOuts(this.table),
      sink: this.sink,
      now: this.now,
      report: this.report,
      poller: async () => pollerOf(node, (await this.policy()).policy.profiles, this.nowMs),
      sweepEveryMs: MINUTE,
      learnConfig: (name, hash) => new DynamoNodeDirectory(this.table, this.now).recordConfigHash(name, hash),
      seesContainers: () => ports.registry.recordDockerAccess(host, this.nowMs),
      otherHostOf: (name) => otherHostOf(name, host, { ...ports, now: this.now }),
      learnInstance: async (name, instance) => {
        await learnInstance(name, instance, { ...ports, now: this.now });
      },
    });
  }
}

import { InstanceNodes } from '../../lib/core/fleet/instance-nodes.ts';
import type { InstanceInventory, TaskInventory } from '../../lib/core/inventory/inventory.ts';
import { SWEEP_EVERY_MS } from '../../lib/core/ledger/bound.ts';
import { TlsApi } from '../../lib/core/osquery/tls-api.ts';
import type { LivePolicy } from '../../lib/core/policy/live-policy.ts';
import type { SweepDeps } from '../../lib/core/reconcile/run.ts';
import { Settled } from '../../lib/core/reconcile/settled.ts';
import type { Spend } from '../../lib/core/reconcile/spend.ts';
import type { Report } from '../../lib/core/report.ts';
import type { ResultSink } from '../../lib/core/results/lines.ts';
import { ContainerHosts, type ContainerInstanceLookup } from '../../lib/core/triggers/container-hosts.ts';
import type { TaskDefinitions } from '../../lib/core/triggers/task-definitions.ts';
import { MemoryFleetIssues } from '../../lib/memory/fleet-issues.ts';
import { MemoryHosts } from '../../lib/memory/hosts.ts';
import { MemoryLedger } from '../../lib/memory/ledger.ts';
import { MemoryAliases, MemoryDirectory } from '../../lib/memory/nodes.ts';
import { MemoryFanOuts, MemoryStoredAnswers, MemorySweepProgress } from '../../lib/memory/progress.ts';
import { MemoryStoredLogs } from '../../lib/memory/stored-logs.ts';
import type { SimulatedCluster } from '../world/index.ts';

export const ENROLL_SECRET = 'a day is a life';

const NO_AGENT_AFTER_MS = 5 * 60_000;

/** What Mayfly keeps, in memory. */
export const memoryStores = (now: () => number) => ({
  hosts: new MemoryHosts(),
  aliases: new MemoryAliases(),
  directory: new MemoryDirectory(now),
  ledger: new MemoryLedger(),
  storedAnswers: new MemoryStoredAnswers(),
  storedLogs: new MemoryStoredLogs(),
  fanOuts: new MemoryFanOuts(),
  fleetIssues: new MemoryFleetIssues(),
  progress: new MemorySweepProgress(),
});

export type Stores = ReturnType<typeof memoryStores>;

/** Everything the core talks to. */
export interface Ports extends Stores {
  readonly sink: ResultSink;
  readonly lookup: ContainerInstanceLookup;
  readonly definitions: TaskDefinitions;
  readonly inventory: TaskInventory & InstanceInventory;
}

/** What surrounds the ports. */
export interface Around {
  readonly policy: LivePolicy;
  readonly spend: Spend;
  readonly now: () => number;
  readonly report: Report;
}

/** What one environment of the functions holds for as long as it lives, its caches included. */
export interface Functions {
  readonly api: TlsApi;
  readonly events: SweepDeps;
}

/** Puts the core's functions together over these ports, as each Lambda function does once per cold start. */
export function functionsOver(ports: Ports, { policy, spend, now, report }: Around): Functions {
  const {
    hosts,
    aliases,
    directory,
    ledger,
    storedAnswers,
    storedLogs,
    fanOuts,
    fleetIssues,
    progress,
    sink,
    inventory,
  } = ports;
  const shared = {
    ledger,
    queue: hosts,
    registry: hosts,
    aliases,
    directory,
    fanOuts,
    fleetIssues,
    policy,
    now,
    report,
  };
  return {
    events: {
      ...shared,
      definitions: ports.definitions,
      hosts: new ContainerHosts(aliases, ports.lookup, now),
      tasks: inventory,
      instances: inventory,
      progress,
      nodes: new InstanceNodes(directory, aliases, now),
      spend,
      settled: new Settled(),
      noAgentAfterMs: NO_AGENT_AFTER_MS,
    },
    api: new TlsApi({
      ...shared,
      storedAnswers,
      storedLogs,
      sink,
      enrollSecrets: new Map([['default', secret(ENROLL_SECRET)]]),
      nodeKeySecret: secret('a key of the simulated day'),
      sweepEveryMs: SWEEP_EVERY_MS,
    }),
  };
}

/** Which EC2 instances the container instances of a simulated cluster are. */
export const lookupIn = (cluster: SimulatedCluster): ContainerInstanceLookup => ({
  instancesOf: async (clusterArn, arns) => {
    const { containerInstances } = cluster.describeContainerInstances({
      cluster: clusterArn,
      containerInstances: arns,
    });
    return new Map(containerInstances.map(instanceOf));
  },
});

const secret = (value: string) => ({ values: async () => [value], refreshed: async () => [value] });

function instanceOf(described: object): [arn: string, instance: string] {
  const { containerInstanceArn, ec2InstanceId } = described as Record<string, unknown>;
  return [String(containerInstanceArn), String(ec2InstanceId)];
}

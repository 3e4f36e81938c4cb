import { InstanceNodes } from '../core/fleet/instance-nodes.ts';
import type { InstanceInventory, TaskInventory } from '../core/inventory/inventory.ts';
import { SWEEP_EVERY_MS } from '../core/ledger/bound.ts';
import type { LongPoll } from '../core/osquery/deps.ts';
import { TlsApi } from '../core/osquery/tls-api.ts';
import type { LivePolicy } from '../core/policy/live-policy.ts';
import type { Spend } from '../core/reconcile/spend.ts';
import type { SweepDeps } from '../core/reconcile/sweep-run.ts';
import { UpToDate } from '../core/reconcile/up-to-date.ts';
import type { Report } from '../core/reports/report.ts';
import type { ResultSink } from '../core/results/lines.ts';
import { ContainerHosts, type ContainerInstanceLookup } from '../core/triggers/container-hosts.ts';
import type { RuleDeps } from '../core/triggers/handle-rules.ts';
import { MemoryCampaigns } from './campaigns.ts';
import { MemoryFleetIssues } from './fleet-issues.ts';
import { MemoryHosts } from './hosts.ts';
import { MemoryLedger } from './ledger.ts';
import { MemoryAliases, MemoryDirectory } from './nodes.ts';
import { MemoryPolicyStore } from './policy-store.ts';
import { MemoryFanOuts, MemoryStoredAnswers, MemorySweepProgress } from './progress.ts';
import { MemoryStoredLogs } from './stored-logs.ts';
import { noTaskDefinitions } from './task-definitions.ts';
import { MemoryWakeHints } from './wake-hints.ts';

const NO_AGENT_AFTER_MS = 5 * 60_000;

/** The stores of Mayfly's table, in memory. */
export const memoryStores = (now: () => number, hints = new MemoryWakeHints(now)) => ({
  hints,
  hosts: new MemoryHosts((host) => hints.announce(host)),
  aliases: new MemoryAliases(),
  directory: new MemoryDirectory(now),
  ledger: new MemoryLedger(),
  storedAnswers: new MemoryStoredAnswers(),
  storedLogs: new MemoryStoredLogs(),
  fanOuts: new MemoryFanOuts(),
  campaigns: new MemoryCampaigns(),
  fleetIssues: new MemoryFleetIssues(),
  progress: new MemorySweepProgress(),
  policies: new MemoryPolicyStore(),
});

export type MemoryStores = ReturnType<typeof memoryStores>;

/** All ports of the functions. */
export interface Ports extends MemoryStores {
  readonly sink: ResultSink;
  readonly lookup: ContainerInstanceLookup;
  readonly inventory: TaskInventory & InstanceInventory;
}

/** What every composition needs besides the ports: policy, clock and reports. */
export interface CompositionOptions {
  readonly policy: LivePolicy;
  readonly now: () => number;
  readonly report: Report;
  /** `distributed_interval` of all agents behind the long-poll front. @default - agents connect to the other front */
  readonly heldEverySeconds?: number;
}

/** The ports that the event functions and the API for agents share. */
const sharedPorts = ({ ledger, hosts, aliases, directory, fanOuts, campaigns }: MemoryStores) => ({
  ledger,
  queue: hosts,
  registry: hosts,
  aliases,
  directory,
  fanOuts,
  campaigns,
});

/** What the event functions need. */
export const eventDeps = (ports: MemoryStores & Pick<Ports, 'lookup'>, around: CompositionOptions): RuleDeps => ({
  ...around,
  ...sharedPorts(ports),
  definitions: noTaskDefinitions,
  hosts: new ContainerHosts(ports.aliases, ports.lookup, around.now),
});

/** What the reconciler needs. */
export const sweepDeps = (
  ports: Omit<Ports, 'sink'>,
  around: CompositionOptions & { readonly spend: Spend },
): SweepDeps => ({
  ...eventDeps(ports, around),
  tasks: ports.inventory,
  instances: ports.inventory,
  fleetIssues: ports.fleetIssues,
  progress: ports.progress,
  nodes: new InstanceNodes(ports.directory, ports.aliases, around.now),
  spend: around.spend,
  settled: new UpToDate(),
  noAgentAfterMs: NO_AGENT_AFTER_MS,
});

/** The API for agents that enroll with `enrollSecret`. */
export const tlsApi = (
  ports: MemoryStores & Pick<Ports, 'sink'>,
  around: CompositionOptions,
  enrollSecret: string,
  longPoll?: LongPoll,
): TlsApi =>
  new TlsApi({
    ...around,
    longPoll,
    ...sharedPorts(ports),
    fleetIssues: ports.fleetIssues,
    storedAnswers: ports.storedAnswers,
    storedLogs: ports.storedLogs,
    sink: ports.sink,
    enrollSecrets: new Map([['default', secret(enrollSecret)]]),
    nodeKeySecret: secret('signs the node keys of a Mayfly in memory'),
    sweepEveryMs: SWEEP_EVERY_MS,
  });

const secret = (value: string) => ({ values: async () => [value], refreshed: async () => [value] });

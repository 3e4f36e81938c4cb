import type { Deployment } from '../lib/cli/deployment/deployment.ts';
import type { RowPage, RowSearch } from '../lib/cli/rows/search-rows.ts';
import { isMeant, rowOf } from '../lib/cli/rows/stored-row.ts';
import { CAMPAIGN_EVENT } from '../lib/core/campaigns/campaign-event.ts';
import type { Policy } from '../lib/core/policy/policy.ts';
import { versionAfter } from '../lib/core/policy/policy-version.ts';
import type { ResultLine } from '../lib/core/results/lines.ts';
import type { MemoryStores } from '../lib/memory/composition.ts';
import type { MemoryLedger } from '../lib/memory/ledger.ts';
import builtIn from '../policy/built-in.json' with { type: 'json' };
import { InMemoryMayfly } from '../workbench/simulated-day/mayfly.ts';
import {
  LIFETIMES,
  Random,
  SimulatedAgent,
  SimulatedCluster,
  simulatedHosts,
  VirtualClock,
} from '../workbench/world/index.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const FAMILIES = ['api', 'batch-resize', 'migrate', 'report', 'cron-sync'] as const;
/** Two polls of an agent that is not hot. */
const ANSWERED_WITHIN_MS = 21 * SECOND;
const LONGEST_MS = 20 * MINUTE;

interface HoursOptions {
  readonly startMs: number;
  readonly lengthMs: number;
  readonly hosts: number;
  /** Starts of tasks, on all hosts together. */
  readonly startsPerMinute: number;
}

/** A Mayfly in memory after some simulated hours, as the console reads one. */
export interface Hours {
  readonly deployment: Deployment;
  readonly ledger: MemoryLedger;
  readonly rows: (search: RowSearch) => Promise<RowPage>;
  /** Sends an event about a campaign, and lets the hosts answer it. */
  readonly put: (detail: object) => Promise<void>;
  readonly now: () => number;
}

/**
 * Simulates hours of a cluster, for pictures: the real core in memory, agents that run real SQL, short lives. The last host
 * has no agent, and the agent of the one before it stops half way.
 */
export async function simulateHours({
  startMs,
  lengthMs,
  hosts: count,
  startsPerMinute,
}: HoursOptions): Promise<Hours> {
  const random = new Random('pictures');
  const clock = new VirtualClock(startMs);
  const hosts = simulatedHosts(count, { clock, random });
  const lines: ResultLine[] = [];
  const cluster = new SimulatedCluster({
    name: 'ephemeral-prod',
    hosts,
    clock,
    random: random.fork('cluster'),
    emit: (event) => void clock.sleep(random.between(300, 1500)).then(() => mayfly.take(event)),
  });
  const policy: Policy = builtIn.policy;
  const results = async (some: readonly ResultLine[]) => void lines.push(...some);
  const mayfly: InMemoryMayfly = new InMemoryMayfly({ policy, clock, cluster, results });
  const transport = mayfly.transport((signal) => clock.sleep(40, signal));
  const agents = hosts.slice(0, -1).map(
    (host) =>
      new SimulatedAgent({
        ...{ host, clock, transport, url: 'https://mayfly.invalid', enrollSecret: 'a day is a life' },
        random: random.fork(host.instanceId),
        queryDurationMs: () => 25,
      }),
  );
  for (const [index, agent] of agents.entries()) void clock.sleep(index * 700).then(() => agent.start());
  void cluster.registerHosts();
  await clock.advance(2 * MINUTE);
  const end = new AbortController();
  void sweeps(mayfly, clock, end.signal);
  void clock.sleep(lengthMs / 2).then(() => agents.at(-1)?.stop());
  await runTasks(cluster, clock, random, { untilMs: startMs + lengthMs, gapMs: MINUTE / startsPerMinute });
  await pushVersions(mayfly, policy, startMs);
  end.abort();
  return {
    deployment: deploymentOf(mayfly.stores),
    ledger: mayfly.ledger,
    rows: rowsAmong(lines),
    put: putTo(mayfly, clock),
    now: () => clock.now(),
  };
}

const putTo = (mayfly: InMemoryMayfly, clock: VirtualClock) => async (detail: object) => {
  await mayfly.take({
    ...{ version: '0', id: 'campaign', account: '111122223333', region: 'us-east-1', resources: [] },
    ...{ source: 'mayfly.cli', 'detail-type': CAMPAIGN_EVENT, time: new Date(clock.now()).toISOString(), detail },
  });
  await clock.advance(ANSWERED_WITHIN_MS);
};

async function sweeps(mayfly: InMemoryMayfly, clock: VirtualClock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(MINUTE);
    if (!signal.aborted) await mayfly.sweep();
  }
}

interface Pace {
  readonly untilMs: number;
  readonly gapMs: number;
}

async function runTasks(cluster: SimulatedCluster, clock: VirtualClock, random: Random, pace: Pace): Promise<void> {
  while (clock.now() < pace.untilMs) {
    await clock.advance(-Math.log(1 - random.next()) * pace.gapMs);
    const family = random.pick(FAMILIES);
    const lifetimeMs = Math.min(LIFETIMES.Sysdig2025.sample(random), LONGEST_MS);
    const image = `111122223333.dkr.ecr.us-east-1.amazonaws.com/${family}:${random.hex(7)}`;
    const container = { name: family, image, command: [`/app/${family}`], lifetimeMs, pullFails: random.chance(0.015) };
    if (random.chance(0.01)) for (let n = 0; n < 5; n++) cluster.runTask({ family: 'sleepy', containers: [sleepy] });
    cluster.runTask({ family, containers: [container] });
  }
}

/** The talk's job. */
const sleepy = {
  name: 'sleepy',
  image: 'public.ecr.aws/docker/library/busybox:1.37',
  command: ['sleep', '10'],
  lifetimeMs: 10 * SECOND,
};

async function pushVersions({ stores }: InMemoryMayfly, policy: Policy, startMs: number): Promise<void> {
  const [first, ...others] = policy.rules;
  const hourly = { ...policy, heatSeconds: 600 };
  const slower: Policy = first ? { ...hourly, rules: [{ ...first, expiresSeconds: 1200 }, ...others] } : hourly;
  const drafts: readonly (readonly [Policy, message: string, by: string])[] = [
    [policy, 'The default policy', 'mayfly'],
    [hourly, 'Keep hosts hot for ten minutes after a start', 'ana@laptop'],
    [slower, 'Give answers about tasks twenty minutes', 'jo@build'],
  ];
  for (const [index, [content, message, pushedBy]] of drafts.entries()) {
    const pushedAtMs = startMs + index * 17 * MINUTE;
    await stores.policies.push(
      versionAfter(index, { policy: content, sources: builtIn.sources, message, pushedBy, pushedAtMs }),
      index,
    );
  }
}

/** The stores in memory as commands see a Mayfly. */
export function deploymentOf(stores: MemoryStores): Deployment {
  const { ledger, policies, directory, hosts, fleetIssues, progress, aliases, campaigns } = stores;
  const find = async (name: string) =>
    ledger.record(name) ?? ledger.records.find(({ workload }) => workload.endsWith(`/${name}`));
  return {
    name: 'the stack Mayfly',
    chosen: ' --stack Mayfly',
    store: policies,
    directory,
    registry: hosts,
    aliases,
    campaigns,
    keptForMs: async () => 0,
    ledger,
    fleetIssues,
    sweeps: { read: async () => progress.state },
    ledgerIndex: {
      async *between(fromMs, toMs) {
        yield* ledger.records.filter(({ firstReceivedAtMs: atMs }) => atMs >= fromMs && atMs <= toMs);
      },
      async *newest(fromMs, toMs) {
        yield* ledger.records.filter(({ firstReceivedAtMs: atMs }) => atMs >= fromMs && atMs <= toMs).reverse();
      },
      async *lookBack({ fromMs, toMs, isNewestFirst }) {
        yield* isNewestFirst ? this.newest(fromMs, toMs) : this.between(fromMs, toMs);
      },
      startingWith: async () => [],
      latest: async () => undefined,
      find,
      tenants: async () => [],
      due: async function* () {},
    },
  };
}

const rowsAmong =
  (lines: readonly ResultLine[]) =>
  async ({ filter, limit }: RowSearch): Promise<RowPage> => {
    const rows = lines.flatMap((line) => rowOf(line) ?? []).filter((row) => isMeant(row, filter));
    return { rows: rows.reverse().slice(0, limit), hasMore: rows.length > limit };
  };

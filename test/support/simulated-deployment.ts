import type { LocalOptions } from '../../workbench/local-aws/index.ts';
import {
  type AgentEvent,
  type Clock,
  Random,
  SimulatedAgent,
  SimulatedCluster,
  simulatedHosts,
  type TaskHandle,
} from '../../workbench/world/index.ts';
import { CountedFaults } from './counted-faults.ts';
import { aLocalServer, type LocalServer } from './local-server.ts';

/** A server from the synthesized template and a simulated cluster of hosts whose agents talk only to that server. */
export class SimulatedDeployment {
  readonly server: LocalServer;
  readonly cluster: SimulatedCluster;
  readonly agents: readonly SimulatedAgent[];
  /** The network faults of each agent's connection, in the order of the agents. */
  readonly faults: readonly CountedFaults[];
  /** The agents' events, in order. */
  readonly heard: readonly AgentEvent[];

  private constructor(parts: Pick<SimulatedDeployment, 'server' | 'cluster' | 'agents' | 'faults' | 'heard'>) {
    this.server = parts.server;
    this.cluster = parts.cluster;
    this.agents = parts.agents;
    this.faults = parts.faults;
    this.heard = parts.heard;
  }

  /** @param options changes to the default server; with `lossy` every event is lost */
  static async start(
    clock: Clock,
    hostCount: number,
    seed: string,
    { lossy = false, ...options }: Partial<LocalOptions> & { readonly lossy?: boolean } = {},
  ): Promise<SimulatedDeployment> {
    const random = new Random(seed);
    const hosts = simulatedHosts(hostCount, { clock, random });
    const cluster = new SimulatedCluster({
      hosts,
      clock,
      random: random.fork('cluster'),
      duplicates: 0.3,
      emit: async (event) => {
        if (!lossy) await server.local.putEvents([event]);
      },
    });
    const server = await aLocalServer({ world: cluster.aws, ...options });
    const heard: AgentEvent[] = [];
    const faults = hosts.map(() => new CountedFaults());
    const agents = hosts.map(
      (host, index) =>
        new SimulatedAgent({
          host,
          url: server.url,
          ca: server.ca,
          enrollSecret: server.enrollSecret,
          clock,
          random,
          faults: faults[index] ?? new CountedFaults(),
          on: (event) => heard.push(event),
        }),
    );
    await cluster.registerHosts();
    return new SimulatedDeployment({ server, cluster, agents, faults, heard });
  }

  /** Starts tasks with one container each. They run until the simulation ends. */
  run(count: number): TaskHandle[] {
    const container = { name: 'sleepy', image: 'busybox:1', command: ['sleep', '3600'], lifetimeMs: null };
    return Array.from({ length: count }, () => this.cluster.runTask({ family: 'sleepy', containers: [container] }));
  }

  async close(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()));
    await this.cluster.stop();
    await this.server.close();
  }
}

import type { LocalOptions } from '../../workbench/local-aws/index.ts';
import {
  type AgentEvent,
  type AgentOptions,
  type Clock,
  Random,
  SimulatedAgent,
  SimulatedCluster,
  simulatedHosts,
  type TaskHandle,
} from '../../workbench/world/index.ts';
import { CountedFaults } from './counted-faults.ts';
import { aLocalServer, type LocalServer } from './local-server.ts';

interface Parts extends Pick<SimulatedDeployment, 'server' | 'cluster' | 'agents' | 'faults' | 'heard'> {
  /** Makes an agent that talks only to the server. */
  readonly agentOn: (options: Pick<AgentOptions, 'host' | 'hostIdentifier' | 'faults'>) => SimulatedAgent;
}

/** A server from the synthesized template and a simulated cluster of hosts whose agents talk only to that server. */
export class SimulatedDeployment {
  readonly server: LocalServer;
  readonly cluster: SimulatedCluster;
  readonly agents: readonly SimulatedAgent[];
  /** The network faults of each agent's connection, in the order of the agents. */
  readonly faults: readonly CountedFaults[];
  /** The agents' events, in order. */
  readonly heard: readonly AgentEvent[];
  private readonly agentOn: Parts['agentOn'];
  private readonly sidecars: SimulatedAgent[] = [];

  private constructor(parts: Parts) {
    this.agentOn = parts.agentOn;
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
    const { url, ca, enrollSecret } = server;
    const on = (event: AgentEvent): unknown => heard.push(event);
    const agentOn: Parts['agentOn'] = (options) =>
      new SimulatedAgent({ url, ca, enrollSecret, clock, random, on, ...options });
    const agents = hosts.map((host, index) => agentOn({ host, faults: faults[index] ?? new CountedFaults() }));
    await cluster.registerHosts();
    return new SimulatedDeployment({ server, cluster, agents, faults, heard, agentOn });
  }

  /** Starts tasks with one container each. They run until the simulation ends. */
  run(count: number): TaskHandle[] {
    const container = { name: 'sleepy', image: 'busybox:1', command: ['sleep', '3600'], lifetimeMs: null };
    return Array.from({ length: count }, () => this.cluster.runTask({ family: 'sleepy', containers: [container] }));
  }

  /** Starts a task on Fargate that runs until it is stopped, with an agent in its sidecar, which enrolls under the task's id. */
  runOnFargate(): TaskHandle {
    const image = 'osquery/osquery:5.17.0-ubuntu22.04';
    const sidecar = { name: 'mayfly-osquery', image, command: ['osqueryd'], lifetimeMs: null, essential: false };
    const job = { name: 'sleepy', image: 'busybox:1', command: ['sleep', '3600'], lifetimeMs: null };
    const task = this.cluster.runTask({ family: 'sleepy', launchType: 'FARGATE', containers: [job, sidecar] });
    const agent = this.agentOn({ host: task.host, hostIdentifier: task.id });
    this.sidecars.push(agent);
    agent.start();
    return task;
  }

  async close(): Promise<void> {
    await Promise.all([...this.agents, ...this.sidecars].map((agent) => agent.stop()));
    await this.cluster.stop();
    await this.server.close();
  }
}

import { ENROLL_SECRET } from '../simulated-day/composition.ts';
import {
  type AgentEvent,
  type Clock,
  type Fault,
  type Random,
  SimulatedAgent,
  type SimulatedHost,
  type Transport,
} from '../world/index.ts';
import type { Trace } from './trace.ts';
import type { Witness } from './witness.ts';

const SECOND_MS = 1000;
const NETWORK: readonly [Fault, ...Fault[]] = [
  'refuse',
  'drop-after-processing',
  'half-response',
  'stall',
  'duplicate',
];

/** An agent of the world. */
export interface Member {
  readonly name: string;
  readonly host: SimulatedHost;
  readonly agent: SimulatedAgent;
  /** When its network outage ends. */
  silentUntilMs: number;
  /** Whether the storm decommissioned it. */
  retired: boolean;
  /** Enrollments since the storm ended. */
  enrollments: number;
  /** Ids of the answers that the server did not accept at the last attempt. */
  kept: readonly string[];
}

interface AgentsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: Trace;
  readonly witness: Witness;
  readonly calmFromMs: number;
  /** Returns one agent's connection to the server. */
  readonly transport: (member: string) => Transport;
}

/** The agents of a world and the faults that happen to them. */
export class Agents {
  readonly members: Member[] = [];
  readonly #options: AgentsOptions;
  readonly #random: Random;

  constructor(options: AgentsOptions) {
    this.#options = options;
    this.#random = options.random.fork('crew'); // another label would change what every seed does
  }

  /** Starts an agent on a host with the given identifier and its own database. */
  join(host: SimulatedHost, hostIdentifier: string): Member {
    const { clock, random, trace, transport } = this.#options;
    const name = `agent ${this.members.length} ${hostIdentifier.slice(0, 14)}`;
    const agent = new SimulatedAgent({
      host,
      url: 'https://world.invalid',
      enrollSecret: ENROLL_SECRET,
      hostIdentifier,
      clock,
      random: random.fork(name),
      transport: transport(name),
      queryDurationMs: () => 20,
      on: (event) => this.#heard(member, event),
    });
    const member: Member = { name, host, agent, silentUntilMs: 0, retired: false, enrollments: 0, kept: [] };
    this.members.push(member);
    trace.say(name, () => `joins on ${host.instanceId} as ${hostIdentifier}`);
    agent.start();
    return member;
  }

  isSilent(name: string): boolean {
    const member = this.members.find((one) => one.name === name);
    return member !== undefined && member.silentUntilMs > this.#options.clock.now();
  }

  /** Applies one random agent fault. */
  async misfortune(): Promise<void> {
    const random = this.#random;
    const active = this.members.filter(({ retired, host }) => !retired && !host.down);
    const [first, ...others] = active;
    if (!first) return;
    const member = random.pick([first, ...others]);
    const { agent } = member;
    const { clock, trace } = this.#options;
    const say = (what: string) => trace.say(member.name, () => what);
    const kind = random.pick(['restart', 'crash', 'wipe', 'silence', 'network', 'network', 'rename', 'clone'] as const);
    switch (kind) {
      case 'restart':
        say('is restarted');
        return agent.restart();
      case 'crash':
        say('is killed');
        return agent.crash();
      case 'wipe':
        say('loses its database');
        return agent.wipe();
      case 'silence': {
        const ms = random.integer(20 * SECOND_MS, 240 * SECOND_MS);
        say(`is cut off for ${Math.round(ms / SECOND_MS)} s`);
        member.silentUntilMs = clock.now() + ms;
        return;
      }
      case 'network': {
        const fault = random.pick(NETWORK);
        const times = random.integer(1, 6);
        say(`meets ${fault}, ${times} times`);
        return agent.faults.inject(fault, { times });
      }
      // Rename only in this direction. Otherwise the server would keep queuing queries under the instance's own
      // identifier as long as its node is known.
      case 'rename':
        if (agent.hostIdentifier === member.host.instanceId) return;
        member.retired = true;
        await agent.stop();
        this.join(member.host, member.host.instanceId);
        return;
      case 'clone':
        if (this.members.filter(({ host }) => host === member.host).length < 4)
          this.join(member.host, agent.hostIdentifier);
        return;
      default:
        return kind satisfies never;
    }
  }

  /** Ends the storm: restores networks and restarts agents that gave up. */
  heal(): void {
    for (const member of this.members) {
      member.silentUntilMs = 0;
      while (member.agent.faults.take('read') || member.agent.faults.take('write')) {} // discards planned faults
      if (!member.retired) member.agent.start();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ agent }) => agent.stop()));
  }

  #heard(member: Member, event: AgentEvent): void {
    const { calmFromMs, clock, trace, witness } = this.#options;
    trace.say(member.name, () => describe(event));
    if (event.kind === 'enrolled' && clock.now() >= calmFromMs) member.enrollments++;
    if (event.kind === 'results-kept') member.kept = event.ids;
    if (event.kind === 'results-written' || event.kind === 'crashed' || event.kind === 'stopped') member.kept = [];
    const isAlone = this.members.filter(({ host }) => host === member.host).length === 1;
    witness.saw(member.name, member.host, event, isAlone);
  }
}

function describe(event: AgentEvent): string {
  const { kind, atMs: _, host: __, ...rest } = event;
  return `${kind} ${JSON.stringify(rest).slice(0, 300)}`;
}

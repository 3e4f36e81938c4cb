import { QUERY_RUN_MS, ROUND_TRIP_MS } from '../../lib/core/ledger/bound.ts';
import { type Clock, type Random, SimulatedAgent, type SimulatedHost } from '../world/index.ts';
import { ENROLL_SECRET } from './composition.ts';
import type { InMemoryMayfly } from './mayfly.ts';

/** Duration of one query. The six queries of a full delivery together take as long as MTTA's bound assumes. */
const QUERY_MS = QUERY_RUN_MS / 6;

/** Agents start one by one within this time, so that no two hosts poll in step. */
const STAGGER_MS = 60_000;

interface FleetOptions {
  readonly hosts: readonly SimulatedHost[];
  readonly mayfly: InMemoryMayfly;
  readonly clock: Clock;
  readonly random: Random;
}

/** One agent on every host. */
export class Fleet {
  /** Number of reads answered so far. */
  polls = 0;
  readonly #hotUntilMs = new Map<string, number>();
  readonly #agents: readonly SimulatedAgent[];
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ hosts, mayfly, clock, random }: FleetOptions) {
    this.#clock = clock;
    this.#random = random;
    const transport = mayfly.transport((signal) => clock.sleep(ROUND_TRIP_MS / 2, signal));
    this.#agents = hosts.map(
      (host) =>
        new SimulatedAgent({
          host,
          url: 'https://mayfly.invalid',
          enrollSecret: ENROLL_SECRET,
          clock,
          random,
          transport,
          queryDurationMs: () => QUERY_MS,
          on: (event) => {
            if (event.kind === 'requested' && event.endpoint === 'read') this.polls++;
            if (event.kind !== 'polled' || event.accelerateSeconds === null) return;
            this.#hotUntilMs.set(event.host, event.atMs + 1000 * event.accelerateSeconds);
          },
        }),
    );
  }

  /** Starts all agents. Resolves when the last one is running. */
  async start(): Promise<void> {
    await Promise.all(
      this.#agents.map(async (agent) => {
        await this.#clock.sleep(this.#random.between(0, STAGGER_MS));
        agent.start();
      }),
    );
  }

  /** Returns whether the host's agent currently polls every 5 s. */
  isHot(host: string): boolean {
    return this.#clock.now() < (this.#hotUntilMs.get(host) ?? 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()));
  }
}

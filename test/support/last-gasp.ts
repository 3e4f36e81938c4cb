import { setImmediate as turn } from 'node:timers/promises';
import { eventHandler } from '../../lib/aws/event-function.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { FakeHooks } from './fake-hooks.ts';
import { type AnyEvent, context, sqsBatch } from './fixtures.ts';
import { inForce } from './plain-policy.ts';
import { TableWorld } from './table-world.ts';
import { SECOND } from './times.ts';

export const INSTANCE = 'i-0a1b2c3d4e5f60718';
/** The default policy's queries for an instance that is about to be terminated, sorted by name. */
export const QUESTIONS = ['containers', 'instance', 'people', 'processes'];

/** Time left at the start: the function's timeout in the template, 150 s. */
export const LAST_GASP_CONTEXT = { ...context, getRemainingTimeInMillis: () => 150 * SECOND };

/** The last-gasp function in its own world, where time passes only when the function waits. */
export class LastGasp {
  readonly world: TableWorld;
  readonly hooks: FakeHooks;
  /** Runs after each pause of the function, to simulate the host. */
  meanwhile: () => Promise<void> = async () => {};
  /** Duration of each of the function's pauses, in ms. */
  readonly pauses: number[] = [];
  readonly #alarms = new Set<{ readonly atMs: number; readonly ring: () => void }>();

  private constructor(world: TableWorld) {
    this.world = world;
    this.hooks = new FakeHooks(world.now);
  }

  static async begin(policy: Policy = builtIn.policy): Promise<LastGasp> {
    const world = await TableWorld.begin();
    world.policy = inForce(policy);
    return new LastGasp(world);
  }

  readonly pause = async (ms: number): Promise<void> => {
    this.pauses.push(ms);
    await this.passes(ms);
    await this.meanwhile();
  };

  readonly within = <T>(ms: number, work: Promise<T>): Promise<T | undefined> => {
    const atMs = this.world.nowMs + ms;
    const over = new Promise<undefined>((resolve) => this.#alarms.add({ atMs, ring: () => resolve(undefined) }));
    return Promise.race([work, over]);
  };

  /** Passes time beyond the function's own waits, for a slow call. */
  async passes(ms: number): Promise<void> {
    const untilMs = this.world.nowMs + ms;
    const due = [...this.#alarms].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
    for (const alarm of due) {
      this.#alarms.delete(alarm);
      this.world.nowMs = Math.max(this.world.nowMs, alarm.atMs);
      alarm.ring();
      await turn(); // lets code that waited for this time continue
    }
    this.world.nowMs = untilMs;
  }

  /** Sends events in one batch. @returns the ids of the failed messages */
  async send(...events: (AnyEvent | string)[]): Promise<string[]> {
    const { hooks, pause, within } = this;
    const handler = eventHandler(this.world.taskDeps(), { hooks, pause, within });
    const bodies = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
    const { batchItemFailures } = await handler(sqsBatch(bodies), LAST_GASP_CONTEXT);
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  /** Sends events at the time they occurred. */
  at(event: AnyEvent): Promise<string[]> {
    this.world.nowMs = Date.parse(event.time);
    return this.send(event);
  }

  /** Returns a host's pending queries in delivery order. */
  async waiting(host = INSTANCE) {
    const { pending } = await this.world.ports.queue.read(host, true);
    return pending;
  }

  /** Returns the names of a host's pending last-gasp queries, sorted. */
  async asked(host = INSTANCE): Promise<string[]> {
    const pending = await this.waiting(host);
    return pending.flatMap(({ set, query }) => (set === 'last-gasp' ? [query] : [])).sort();
  }
}

import { eventHandler } from '../../lib/aws/event-function.ts';
import { builtInPolicy } from '../../lib/core/policy/built-in.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { FakeHooks } from './fake-hooks.ts';
import { type AnyEvent, context, fixture, sqsBatch } from './fixtures.ts';
import { inForce } from './plain-policy.ts';
import { World } from './world.ts';

export const INSTANCE = 'i-0a1b2c3d4e5f60718';
/** What the default policy asks an instance that will be taken away, in this order by name. */
export const QUESTIONS = ['containers', 'instance', 'people', 'processes'];

/** The last-gasp function in a world of its own, where a second passes only when the function waits for it. */
export class LastGasp {
  readonly world: World;
  readonly hooks: FakeHooks;
  /** What happens on the host while the function waits, second by second. */
  meanwhile: () => Promise<void> = async () => {};
  /** How long each pause was that the function made, in ms. */
  readonly pauses: number[] = [];

  private constructor(world: World) {
    this.world = world;
    this.hooks = new FakeHooks(world.now);
  }

  static async begin(policy: Policy = builtInPolicy): Promise<LastGasp> {
    const world = await World.begin();
    world.policy = inForce(policy);
    return new LastGasp(world);
  }

  readonly pause = async (ms: number): Promise<void> => {
    this.pauses.push(ms);
    this.world.nowMs += ms;
    await this.meanwhile();
  };

  /** Sends events in one batch; returns the ids of the messages that failed. */
  async send(...events: (AnyEvent | string)[]): Promise<string[]> {
    const handler = eventHandler({ ...this.world.taskDeps(), hold: { hooks: this.hooks, pause: this.pause } });
    const bodies = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
    const { batchItemFailures } = await handler(sqsBatch(bodies), context);
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  /** Sends events the moment they occurred. */
  at(event: AnyEvent): Promise<string[]> {
    this.world.nowMs = Date.parse(event.time);
    return this.send(event);
  }

  /** Queries that wait for a host, in the order in which they are delivered. */
  async waiting(host = INSTANCE) {
    const { pending } = await this.world.ports.queue.open(host, true);
    return pending;
  }

  /** The names of the last-gasp queries that wait for a host, sorted. */
  async asked(host = INSTANCE): Promise<string[]> {
    const pending = await this.waiting(host);
    return pending.flatMap(({ set, query }) => (set === 'last-gasp' ? [query] : [])).sort();
  }
}

/** The terminate hook of fixture 24 as one of ours; `detail` replaces fields of its detail. */
export const ourHook = (detail: Record<string, unknown> = {}): AnyEvent =>
  fixture(24, { LifecycleHookName: 'mayfly-last-gasp', ...detail });

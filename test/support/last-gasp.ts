import { setImmediate as turn } from 'node:timers/promises';
import { eventHandler } from '../../lib/aws/event-function.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { anAnswer } from './an-agent.ts';
import { deliver } from './deliver.ts';
import { FakeHooks } from './fake-hooks.ts';
import { type AnyEvent, context } from './fixtures.ts';
import { FunctionWorld } from './function-world.ts';
import type { TableWorld } from './table-world.ts';
import { MINUTE, SECOND } from './times.ts';

export const INSTANCE = 'i-0a1b2c3d4e5f60718';
/** The time of the notice in `ourHook()`. */
export const NOTICED_AT = Date.parse('2026-11-20T10:40:03Z');
/** What completes the hook of `ourHook()`. */
export const ACTION = {
  group: 'ephemeral-spot-arm64',
  hook: 'mayfly-last-gasp',
  instanceId: INSTANCE,
  token: 'f55568da-68d3-fbe1-029c-20c9a0d4dee7',
};
/** The default policy's queries for an instance that is about to be terminated, sorted by name. */
export const QUESTIONS = ['containers', 'instance', 'people', 'processes'];

/** Time left at the start: the function's timeout in the template, 150 s. */
export const LAST_GASP_CONTEXT = { ...context, getRemainingTimeInMillis: () => 150 * SECOND };

/** The last-gasp function in its own world, where time passes only when the function waits. */
export class LastGasp<W extends FunctionWorld | TableWorld = FunctionWorld> {
  readonly world: W;
  readonly hooks: FakeHooks;
  /** Runs after each pause of the function, to simulate the host. */
  meanwhile: () => Promise<void> = async () => {};
  /** Duration of each of the function's pauses, in ms. */
  readonly pauses: number[] = [];
  readonly #alarms = new Set<{ readonly atMs: number; readonly ring: () => void }>();

  constructor(world: W) {
    this.world = world;
    this.hooks = new FakeHooks(world.now);
  }

  /** The function in memory, with this policy in force. */
  static begin(policy: Policy = builtIn.policy): LastGasp {
    return new LastGasp(FunctionWorld.under(policy));
  }

  /** The function in a world in which the instance has enrolled, a minute before its notice. */
  static async withNode<W extends FunctionWorld | TableWorld>(world: W): Promise<LastGasp<W>> {
    world.nowMs = NOTICED_AT - MINUTE;
    await world.aNode(INSTANCE);
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
  send(...events: (AnyEvent | string)[]): Promise<string[]> {
    const { hooks, pause, within } = this;
    return deliver(events, eventHandler(this.world.taskDeps(), { hooks, pause, within }), LAST_GASP_CONTEXT);
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

  /** When each hook was completed, in seconds after the notice. */
  completedAfter(): number[] {
    return this.hooks.completed.map(({ atMs }) => (atMs - NOTICED_AT) / SECOND);
  }

  /** The host's agent polls every `seconds`, and answers a second after each poll. */
  anAgentPolls(seconds: number): void {
    let ids: string[] = [];
    this.meanwhile = async () => {
      const answers = ids.map((wireId) => anAnswer(wireId, [{ instance_id: INSTANCE }]));
      if (answers.length > 0) await this.world.answer(INSTANCE, answers);
      ids = [];
      if (((this.world.nowMs - NOTICED_AT) / SECOND) % seconds !== 0) return;
      ids = (await this.world.poll(INSTANCE)).map(({ wireId }) => wireId);
    };
  }
}

/** Waits until a condition is true; the bound of a test is the only limit. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

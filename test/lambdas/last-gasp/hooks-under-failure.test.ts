import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventHandler } from '../../../lib/aws/event-function.ts';
import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { context, sqsBatch } from '../../support/fixtures.ts';
import { FunctionWorld } from '../../support/function-world.ts';
import {
  ACTION,
  INSTANCE,
  LAST_GASP_CONTEXT,
  LastGasp,
  NOTICED_AT,
  QUESTIONS,
  until,
} from '../../support/last-gasp.ts';
import { ourHook } from '../../support/our-hook.ts';
import { TableWorld } from '../../support/table-world.ts';
import { SECOND } from '../../support/times.ts';

let gasp: LastGasp<FunctionWorld | TableWorld>;
beforeEach(async () => {
  gasp = await LastGasp.withNode(FunctionWorld.under(builtIn.policy));
});

describe('when something fails', () => {
  type Method = (...args: unknown[]) => Promise<unknown>;
  /** The parts that may fail, and their method that fails. */
  const parts = {
    queueing: () => [gasp.world.ports.queue, 'enqueueSpaced'],
    'looking into the queue': () => [gasp.world.ports.queue, 'read'],
    'the ledger': () => [gasp.world.ports.ledger, 'advance'],
    'the alias': () => [gasp.world.ports.aliases, 'find'],
    'the node': () => [gasp.world.ports.registry, 'find'],
    'the policy': () => [gasp.world, 'policy'],
  } satisfies Record<string, () => [object, string]>;
  const names = Object.keys(parts) as (keyof typeof parts)[];

  /** Makes calls of a part fail, from the first on. */
  function fail(part: keyof typeof parts, times: number): void {
    const [port, method] = parts[part]() as unknown as [Record<string, Method>, string];
    const works = port[method]?.bind(port);
    let left = times;
    port[method] = async (...args) => {
      if (left-- > 0) throw new Error('DynamoDB is away');
      return works?.(...args);
    };
  }
  const disturbed = () =>
    gasp.world.reports.flatMap(({ event, fields }) => (event === 'hold_disturbed' ? [fields.what] : []));

  it.each(names)('once, the instance is still held and queried until it answers: %s', async (part) => {
    gasp.anAgentPolls(5);
    fail(part, 1);
    expect(await gasp.at(ourHook())).toEqual([]);
    expect(gasp.world.sink.stored.map(({ query }) => query).sort()).toEqual(QUESTIONS);
    expect(gasp.completedAfter()).toEqual([6]);
    expect(disturbed()).toHaveLength(1);
  });

  it.each(names)('for good, the hook is completed before its heartbeat ends: %s', async (part) => {
    fail(part, Number.POSITIVE_INFINITY);
    // Queries that were queued stay queued; for the rest the event has to be retried.
    expect(await gasp.at(ourHook())).toEqual(part === 'looking into the queue' ? [] : ['m0']);
    expect(gasp.completedAfter()).toHaveLength(1);
    expect(gasp.completedAfter()[0]).toBeGreaterThan(90);
    expect(gasp.completedAfter()[0]).toBeLessThanOrEqual(96);
  });

  it('the shortest heartbeat is assumed if Auto Scaling does not answer', async () => {
    gasp.hooks.failures.heartbeat = new Error('Throttling');
    expect(await gasp.at(ourHook())).toEqual([]);
    expect(gasp.completedAfter()).toEqual([20]);
    expect(gasp.world.reports.map(({ event }) => event)).toContain('heartbeat_unknown');
  });

  it('the completion is retried until Auto Scaling accepts it', async () => {
    gasp.hooks.failures.complete = new Error('Throttling');
    gasp.hooks.failures.completeUntilMs = NOTICED_AT + 117.5 * SECOND;
    expect(await gasp.at(ourHook())).toEqual([]);
    expect(gasp.completedAfter()).toEqual([118]);
    expect([...new Set(disturbed())]).toEqual(['completing']);
    expect(gasp.world.reports).toContainEqual({
      event: 'hold_disturbed',
      fields: {
        ...{ group: ACTION.group, hook: ACTION.hook, instance: INSTANCE },
        ...{ what: 'completing', error: expect.stringMatching(/^Error: Throttling\n {4}at /) },
      },
    });
  });

  it('the event is retried if no attempt was in time, and then completes the hook without waiting', async () => {
    gasp.anAgentPolls(5);
    gasp.hooks.failures.complete = new Error('Throttling');
    expect(await gasp.at(ourHook())).toEqual(['m0']);
    expect(gasp.world.nowMs).toBeLessThan(NOTICED_AT + 140 * SECOND); // Lambda has not ended it, nor the nine other events of the batch
    delete gasp.hooks.failures.complete;
    const againMs = gasp.world.nowMs;
    expect(await gasp.send(ourHook())).toEqual([]);
    expect(gasp.hooks.completed).toEqual([{ action: ACTION, atMs: againMs }]);
  });
});

describe('when the function crashes', () => {
  it.each([
    ['queries that no agent has taken', false],
    ['queries that the agent has taken and does not answer', true],
  ])(
    'the event comes back within the heartbeat that is recommended, and waits no longer for %s',
    async (_, isTaken) => {
      const heartbeat = Number(/--heartbeat-timeout (\d+)/.exec(readFileSync('docs/hosts.md', 'utf8'))?.[1]);
      gasp.hooks.heartbeat = heartbeat;
      gasp.world.nowMs = NOTICED_AT;
      const never = new Promise<never>(() => {});
      let waits = false;
      const pause = () => {
        waits = true;
        return never;
      };
      const dying = eventHandler(gasp.world.taskDeps(), { hooks: gasp.hooks, pause, within: () => never });
      void dying(sqsBatch([JSON.stringify(ourHook())]), LAST_GASP_CONTEXT);
      await until(() => waits);
      if (isTaken) await gasp.world.poll(INSTANCE);

      gasp.world.nowMs = NOTICED_AT + 162 * SECOND; // hidden for 160 s from when it was received
      expect(await gasp.send(ourHook())).toEqual([]);
      expect(gasp.completedAfter()).toHaveLength(1);
      expect(gasp.completedAfter()[0]).toBeLessThanOrEqual(heartbeat - 60);
    },
  );
});

describe('when something is slow', () => {
  /** Every call of these takes this long. */
  function slow(seconds: number, ...ports: object[]): void {
    for (const port of new Set(ports) as Set<Record<string, unknown>>) {
      for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(port))) {
        const works = port[method];
        if (typeof works !== 'function' || method === 'constructor') continue;
        port[method] = async (...args: unknown[]) => {
          await gasp.passes(seconds * SECOND);
          return works.apply(port, args);
        };
      }
    }
  }

  it('the hook is completed in time, even while queueing is still under way', async () => {
    gasp = await LastGasp.withNode(await TableWorld.under(builtIn.policy));
    gasp.hooks.heartbeat = 30;
    const { queue, ledger, registry, aliases } = gasp.world.ports;
    slow(2.4, queue, ledger, registry, aliases);
    expect(await gasp.at(ourHook())).toEqual([]);
    expect(gasp.completedAfter()).toEqual([20]);
    expect(await gasp.asked()).toEqual(QUESTIONS);
  });

  it('the hook is completed early enough for a second attempt before the end of the function', async () => {
    gasp.world.nowMs = NOTICED_AT;
    const { hooks, pause, within } = gasp;
    const handler = eventHandler(gasp.world.taskDeps(), { hooks, pause, within });
    const ending = { ...context, getRemainingTimeInMillis: () => 60 * SECOND };
    expect(await handler(sqsBatch([JSON.stringify(ourHook())]), ending)).toEqual({ batchItemFailures: [] });
    expect(gasp.completedAfter()).toEqual([36]);
  });
});

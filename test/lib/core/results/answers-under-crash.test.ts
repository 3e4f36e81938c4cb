import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aSnapshot } from '../../../support/a-record.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { aPendingQuery, taskArn } from '../../../support/builders.ts';
import { scaled } from '../../../support/effort.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { mortalTable } from '../../../support/mortal-table.ts';
import { portsOn, TableWorld } from '../../../support/table-world.ts';
import { SECOND } from '../../../support/times.ts';

const shared = await TableWorld.begin();
let runs = 0;

/** A world on the shared table in which a host has taken the queries of two tasks. */
async function twoTasks() {
  const world = new TableWorld(shared.table);
  const host = `host-${++runs}`;
  const tasks = [runs * 2, runs * 2 + 1];
  await world.aNode(host);
  for (const n of tasks) {
    await world.ports.ledger.advance(aSnapshot(n, { occurredAtMs: world.nowMs, receivedAtMs: world.nowMs }));
    await world.ports.queue.enqueue(aPendingQuery(n, { host, queryId: `q${n}`, query: `of-${n}` }));
  }
  const queries = await world.poll(host);
  const answers = queries.map(({ wireId, askers }) =>
    anAnswer(wireId, [{ id: askers[0]?.subjects[0] ?? '', state: 'running' }]),
  );
  return { world, host, tasks, answers };
}

async function allMarked(host: string): Promise<boolean> {
  const { Items = [] } = await shared.table.db.send(
    new QueryCommand({
      TableName: shared.table.name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `ANSWER#${host}` },
    }),
  );
  return Items.flatMap((item) => [...((item.marks as Set<string> | undefined) ?? [])]).length === 2;
}

type Situation = Awaited<ReturnType<typeof twoTasks>>;

interface Death {
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** Sends the answers once per death. @returns whether a function died between storing lines and marking them */
async function writeAndDie({ world, host, answers }: Situation, deaths: readonly Death[]): Promise<boolean> {
  let isUnmarked = false;
  for (const { at, when } of deaths) {
    const mortal = new Mortal(at, when);
    world.sink.around = (write) => mortal.write(write);
    await untilDeath(() => world.answer(host, answers, portsOn(mortalTable(mortal, world.table), world.now)));
    isUnmarked ||= mortal.died && world.sink.stored.length > 0 && !(await allMarked(host));
    world.nowMs += SECOND;
  }
  world.sink.around = (write) => write();
  return isUnmarked;
}

/** Sends up to ten copies of the answers. @returns whether one was accepted */
async function writeUntilAccepted({ world, host, answers }: Situation): Promise<boolean> {
  for (let copy = 0; copy < 10; copy++) {
    const isAccepted = await world.answer(host, answers);
    world.nowMs += 4 * SECOND;
    if (isAccepted) return true;
  }
  return false;
}

describe('a distributed write whose function dies before or after any of its writes', () => {
  it("is finished by the agent's copies: stored, settled and closed, and stored twice only if unavoidable", async () => {
    const death = fc.record({
      at: fc.integer({ min: 1, max: 10 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    });
    const met = { once: 0, twice: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(death, { minLength: 1, maxLength: 2 }), async (deaths) => {
        const situation = await twoTasks();
        const { world, host, tasks } = situation;
        const mayBeTwice = await writeAndDie(situation, deaths);
        expect(await writeUntilAccepted(situation)).toBe(true);
        const ids = world.sink.stored.map((line) => line.id);
        expect(new Set(ids).size).toBe(2);
        expect(ids.length).toBeLessThanOrEqual(mayBeTwice ? 2 * (1 + deaths.length) : 2);
        expect(world.sink.stored.some((line) => line.late)).toBe(false);
        met[ids.length === 2 ? 'once' : 'twice'] += 1;

        for (const n of tasks) expect(await world.verdict(taskArn(n))).toEqual({ verdict: 'seen' });
        const { pending, deliveries } = await world.ports.queue.read(host, true);
        expect([pending, deliveries]).toEqual([[], []]);
      }),
      // The examples die before the marks of stored lines, and before the first line.
      { numRuns: scaled(12), examples: [[[{ at: 3, when: 'before' }]], [[{ at: 1, when: 'before' }]]] },
    );
    expect(met.once).toBeGreaterThan(0);
    expect(met.twice).toBeGreaterThan(0);
  });
});

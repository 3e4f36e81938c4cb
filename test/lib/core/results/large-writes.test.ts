import { beforeEach, describe, expect, it } from '@jest/globals';
import { wireIdOf } from '../../../../lib/core/queue/offers.ts';
import { defaultLimits } from '../../../../lib/core/queue/plan-drain.ts';
import type { Answer } from '../../../../lib/core/results/answer.ts';
import type { StoredAnswers } from '../../../../lib/core/results/stored-answers.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { aHostQuery } from '../../../support/builders.ts';
import { Died } from '../../../support/mortal.ts';
import { SECOND } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.begin();
  await world.aNode('h1');
});

/** The answers of an agent that took many queries in few reads and could not write. */
async function held(count: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let n = 0; n < count; n++) await world.ports.queue.enqueue(aHostQuery(n));
  while (answers.length < count) {
    const taken = await world.poll('h1', { ...defaultLimits, queriesPerDelivery: 100, resendMs: 0 });
    answers.push(...taken.map(({ wireId }, n) => anAnswer(wireId, [{ n: String(n) }])));
    world.nowMs += SECOND;
  }
  return answers;
}

/** Functions with this much time, in which each write to the store is slow. */
async function tries(answers: readonly Answer[], livesMs: number, writeMs: number): Promise<number> {
  for (let count = 1; count <= 30; count++) {
    let leftMs = livesMs;
    world.timeLeftMs = () => leftMs;
    world.sink.around = async (write) => {
      leftMs -= writeMs;
      if (leftMs <= 0) throw new Died('the function is over');
      await write();
    };
    if (await world.answer('h1', answers)) return count;
    world.nowMs += 17 * SECOND;
  }
  throw new Error('it is never accepted');
}

/** Unknown ids of each kind: not an id of ours, and an id of a deleted delivery. */
const strangers = {
  'no id of ours': (n: number) => `not-ours-${n}`,
  'a forgotten delivery': (n: number) => wireIdOf({ deliveryId: `0mhy1${1000 + n}-0001`, offer: 0, position: 0 }),
};

const storedTwice = (): number => world.sink.stored.length - new Set(world.sink.stored.map(({ id }) => id)).size;

describe('a write with more answers than one invocation has time for', () => {
  it('makes progress with every attempt, and stores each answer once', async () => {
    const ours = await held(700);
    const others = Array.from({ length: 300 }, (_, n) => anAnswer(`not-ours-${n}`, [{ n: String(n) }]));
    expect(await tries([...ours, ...others], 8 * SECOND, 3 * SECOND)).toBe(6);
    expect([world.sink.stored.length, storedTwice()]).toEqual([1000, 0]);
    expect(world.sink.stored.filter(({ late }) => late)).toHaveLength(300);
    expect((await world.ports.queue.read('h1', true)).deliveries).toEqual([]);
  });

  it('stores its first slice, however little time is left', async () => {
    expect(await tries(await held(250), 1.2 * SECOND, 1 * SECOND)).toBe(2);
    expect([world.sink.stored.length, storedTwice()]).toEqual([250, 0]);
  });

  it('needs one attempt if there is time, and a copy of it costs one read', async () => {
    const answers = await held(450);
    expect(await tries(answers, 15 * SECOND, 100)).toBe(1);
    let writes = 0;
    world.sink.around = async () => {
      writes += 1;
    };
    expect(await world.answer('h1', answers)).toBe(true);
    expect([writes, world.sink.stored.length]).toEqual([0, 450]);
  });

  it.each(Object.entries(strangers))('skips the stored answers of %s with one read', async (_, idOf) => {
    const answers = Array.from({ length: 1200 }, (_, n) => anAnswer(idOf(n)));
    expect(await world.answer('h1', answers.slice(0, 1000))).toBe(true);
    const used = { read: 0, claim: 0, stored: 0, release: 0 };
    const { storedAnswers } = world.ports;
    const count = <T>(name: keyof typeof used, result: T): T => {
      used[name] += 1;
      return result;
    };
    const counting: StoredAnswers = {
      read: (...args) => count('read', storedAnswers.read(...args)),
      claim: (...args) => count('claim', storedAnswers.claim(...args)),
      markStored: (...args) => count('stored', storedAnswers.markStored(...args)),
      release: (...args) => count('release', storedAnswers.release(...args)),
    };
    const ports = { ...world.ports, storedAnswers: counting };
    expect(await world.answer('h1', answers, ports)).toBe(true);
    // The 200 new ones are one slice, on sixteen pages.
    expect(used).toEqual({ read: 1, claim: 16, stored: 16, release: 0 });
    expect(await world.answer('h1', answers, ports)).toBe(true);
    expect(used).toEqual({ read: 2, claim: 16, stored: 16, release: 0 });
    expect([world.sink.stored.length, storedTwice()]).toEqual([1200, 0]);
  });

  it.each(Object.entries(strangers))(
    'stores one more slice per attempt, even of %s, if each call is slow',
    async (_, idOf) => {
      const answers = Array.from({ length: 1000 }, (_, n) => anAnswer(idOf(n)));
      const stored: number[] = [];
      const { storedAnswers } = world.ports;
      let leftMs = 0;
      world.timeLeftMs = () => leftMs;
      const slow = async <T>(call: Promise<T>): Promise<T> => {
        leftMs -= 100;
        return call;
      };
      const slowly: StoredAnswers = {
        read: (...args) => slow(storedAnswers.read(...args)),
        claim: (...args) => slow(storedAnswers.claim(...args)),
        markStored: (...args) => slow(storedAnswers.markStored(...args)),
        release: (...args) => slow(storedAnswers.release(...args)),
      };
      do {
        leftMs = 2 * SECOND;
        await world.answer('h1', answers, { ...world.ports, storedAnswers: slowly });
        stored.push(world.sink.stored.length);
      } while (stored.at(-1) !== stored.at(-2) && stored.length < 20);
      expect(stored).toEqual([...Array.from({ length: 5 }, (_, n) => 200 * (n + 1)), 1000]);
      expect(storedTwice()).toBe(0);
    },
  );

  it.each(['ours', strangers['no id of ours'](1), strangers['a forgotten delivery'](1)])(
    'makes progress with every attempt through one answer with many rows: %s',
    async (kind) => {
      const rows = Array.from({ length: 4_500 }, (_, n) => ({ n: String(n) }));
      const [ours] = await held(1);
      const wireId = kind === 'ours' ? (ours?.wireId ?? '') : kind;
      expect(await tries([anAnswer(wireId, rows)], 4 * SECOND, 3 * SECOND)).toBe(3);
      expect(world.sink.stored.map(({ columns }) => columns)).toEqual(rows);
      expect(storedTwice()).toBe(0);
      expect((await world.ports.queue.read('h1', true)).deliveries).toEqual(kind === 'ours' ? [] : [expect.anything()]);
      expect(await world.answer('h1', [anAnswer(wireId, rows)])).toBe(true);
      expect(world.sink.stored).toHaveLength(4_500);
    },
  );

  it('is not complete before all parts of its rows are stored', async () => {
    await world.ports.queue.enqueue(aHostQuery(1, { campaign: { id: 'c1', keepBytes: 1e6 } }));
    const [ours] = await world.poll('h1');
    const answer = anAnswer(ours?.wireId ?? '', Array(2_001).fill({ n: '1' }));
    const { storedAnswers, campaigns } = world.ports;
    const kept: number[] = [];
    campaigns.keepAnswer = async (_, { rows }) => void kept.push(rows);
    let claims = 0;
    const busyAtFirst: StoredAnswers = {
      read: (...args) => storedAnswers.read(...args),
      claim: async (...args) => (++claims === 1 ? 'busy' : storedAnswers.claim(...args)),
      markStored: (...args) => storedAnswers.markStored(...args),
      release: (...args) => storedAnswers.release(...args),
    };
    expect(await world.answer('h1', [answer], { ...world.ports, storedAnswers: busyAtFirst })).toBe(false);
    expect([kept, (await world.ports.queue.read('h1', true)).deliveries.length]).toEqual([[], 1]);
    expect(await world.answer('h1', [answer])).toBe(true);
    expect([world.sink.stored.length, storedTwice(), kept]).toEqual([2_001, 0, [2_001]]);
    expect((await world.ports.queue.read('h1', true)).deliveries).toEqual([]);
  });

  it('is shared by two concurrent requests: the rest is sent again', async () => {
    const answers = await held(450);
    const copies: boolean[] = [];
    world.sink.around = async (write) => {
      world.sink.around = (others) => others();
      copies.push(await world.answer('h1', answers));
      await write();
    };
    expect(await world.answer('h1', answers)).toBe(true);
    expect(copies).toEqual([false]);
    expect([world.sink.stored.length, storedTwice()]).toEqual([450, 0]);
  });
});

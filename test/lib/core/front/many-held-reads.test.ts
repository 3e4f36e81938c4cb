import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Look } from '../../../../lib/core/front/held-reads.ts';
import { SECOND } from '../../../support/times.ts';
import { Front, QUIET, type Reply } from './a-front.ts';

let front: Front;
beforeEach(() => {
  front = new Front();
});

describe('a front that closes', () => {
  it('answers all held reads at once, and holds no more', async () => {
    const held = Array.from({ length: 2_000 }, (_, n) => front.read({ host: `h${n}` }));
    await front.pass(2 * SECOND);
    front.reads.close();
    await front.clock.settle();
    for (const read of held) expect(read).toEqual({ reply: 'nothing', afterMs: 2 * SECOND });
    front.find = () => ({ reply: 'work' });
    const late = front.read({ host: 'late' });
    await front.clock.settle();
    expect(late).toEqual({ reply: 'work', afterMs: 0 });
  });
});

describe('reads of many hosts that are woken at once', () => {
  const HOSTS = Array.from({ length: 250 }, (_, n) => `h${n}`);
  /** Ends the look that began first. */
  let finish: (() => void)[];
  beforeEach(() => {
    finish = [];
  });
  const slowly = () => new Promise<Look<Reply>>((resolve) => finish.push(() => resolve({ reply: 'work' })));

  it('look 100 at a time, so the first ones are answered before the last ones look', async () => {
    const held = HOSTS.map((host) => front.read({ host }));
    await front.pass(SECOND);
    front.looks.length = 0;
    front.find = slowly;
    front.see(...HOSTS);
    await front.clock.settle();
    expect(front.looks).toHaveLength(100);
    finish[0]?.();
    await front.clock.settle();
    expect(held[0]).toEqual({ reply: 'work', afterMs: SECOND });
    expect(front.looks).toHaveLength(101);
    for (let n = 1; n < HOSTS.length; n++) {
      finish[n]?.();
      await front.clock.settle();
    }
    for (const read of held) expect(read.reply).toBe('work');
    expect(front.looks).toHaveLength(HOSTS.length);
  });

  it('look no more if their agent is gone before it is their turn', async () => {
    const hangUps: (() => void)[] = [];
    for (const host of HOSTS) front.read({ host, onClosed: (closed) => hangUps.push(closed) });
    await front.pass(SECOND);
    front.looks.length = 0;
    front.find = slowly;
    front.see(...HOSTS);
    await front.clock.settle();
    for (const hangUp of hangUps) hangUp();
    for (let n = 0; n < HOSTS.length; n++) finish[n]?.();
    await front.clock.settle();
    expect(front.looks).toHaveLength(100);
    expect(front.reads.count).toBe(0);
  });
});

/** Agents of one host that poll again at once, for 100 ms after each of these happenings. @returns their empty replies */
async function emptyReplies(happenings: readonly string[]): Promise<{ empties: number; agents: number }> {
  const busy = new Front();
  const agents = [busy.read(), busy.read()];
  let empties = 0;
  const happens: Readonly<Record<string, () => void>> = {
    hint: () => busy.see('h1'),
    quiet: () => (busy.find = () => QUIET),
    rival: () => agents.push(busy.read()),
    overtaken: () => {
      busy.find = () => ({ isOvertaken: true });
      busy.see('h1');
    },
  };
  for (const happening of happenings) {
    happens[happening]?.();
    await busy.pass(100);
    for (const [n] of agents.entries()) {
      if (agents[n]?.reply === undefined) continue;
      empties += 1;
      agents[n] = busy.read();
    }
  }
  return { empties, agents: agents.length };
}

describe('agents that poll without a pause', () => {
  it('get at most one empty reply a second each, whatever happens to their reads', async () => {
    const happenings = fc.array(fc.constantFrom('hint', 'overtaken', 'rival', 'quiet', 'wait'), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const { empties, agents } = await emptyReplies(all);
        expect(empties).toBeLessThanOrEqual(agents * Math.floor(all.length / 10));
      }),
      { numRuns: 60, seed: 12 },
    );
  });
});

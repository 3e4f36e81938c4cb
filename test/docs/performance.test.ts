import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { boundsOf, SWEEP_EVERY_MS } from '../../lib/core/ledger/bound.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { simulateDay } from '../../workbench/simulated-day/day.ts';
import { SHIPPED } from '../../workbench/simulated-day/modes.ts';
import { LIFETIMES } from '../../workbench/world/index.ts';
import { scaled } from '../support/effort.ts';

const PAGE = readFileSync('docs/performance.md', 'utf8');

describe('the page on performance', () => {
  it('gives the same bounds as "mayfly mtta"', () => {
    const rows = [...PAGE.matchAll(/^\| ([1-9]\d*) s(?:, shipped)? \| ([\d.]+) s \| ([\d.]+) s \| ([\d.]+) s \|$/gm)];
    expect(rows).toHaveLength(3);
    for (const [, interval, ...bounds] of rows) {
      const { idleMs, hotMs, unheardMs } = boundsOf({
        intervalSeconds: Number(interval),
        sweepEveryMs: SWEEP_EVERY_MS,
      });
      expect(bounds).toEqual([idleMs, hotMs, unheardMs].map((ms) => (ms / 1000).toFixed(1)));
    }
  });

  it('gives the same bounds for the long-poll front', () => {
    const rows = [...PAGE.matchAll(/^\| ([01]) s(?:, default)? \| ([\d.]+) s \| ([\d.]+) s \| ([\d.]+) s \|$/gm)];
    expect(rows).toHaveLength(2);
    for (const [, interval, ...bounds] of rows) {
      const held = { intervalSeconds: Number(interval), isHeld: true, sweepEveryMs: SWEEP_EVERY_MS };
      const { idleMs, lateHintMs = Number.NaN, unheardMs } = boundsOf(held);
      expect(bounds).toEqual([idleMs, lateHintMs, unheardMs].map((ms) => (ms / 1000).toFixed(1)));
    }
  });

  // The first hundred tasks of the day come to a point of the cell; the long run has all of them, and comes to the cell.
  it('gives the live catch of the shipped policy that the simulated day measures: one cell stands for the table', async () => {
    const tasks = Math.min(scaled(100), 300);
    const tolerance = tasks === 300 ? 0.05 : 1;
    const { lives } = await simulateDay({
      seed: '1',
      tasks,
      hosts: 6,
      lifetime: LIFETIMES.Sysdig2025,
      mode: SHIPPED,
      losses: { drop: 0, duplicate: 0, reorder: 0 },
      sweepSeconds: SWEEP_EVERY_MS / 1000,
      schedules: [],
    });
    const live = lives.filter(({ verdict }) => verdict === 'seen').length / lives.length;
    const [, , , , cell] = /^\| event \+ 10 s idle \/ 5 s hot .*$/m.exec(PAGE)?.[0].split(/ *\| */) ?? [];
    expect(Math.abs(Number.parseFloat(cell ?? '') - 100 * live)).toBeLessThanOrEqual(tolerance); // otherwise run `npm run simulate`
  }, 180_000);

  it('describes the shipped policy', () => {
    expect(PAGE).toContain(`| 10 s / ${builtIn.policy.heatSeconds} s, shipped |`);
    expect(builtIn.policy.profiles[0]?.config.options).toMatchObject({ distributed_interval: 10 });
  });
});

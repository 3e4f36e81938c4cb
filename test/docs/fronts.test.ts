import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { boundsOf, SWEEP_EVERY_MS } from '../../lib/core/ledger/bound.ts';
import { billOf, totalOf } from '../../lib/cost/bill.ts';
import prices from '../../lib/cost/prices.json' with { type: 'json' };
import { FRONTS, usageOf } from '../../lib/cost/usage.ts';

const PAGE = readFileSync('docs/fronts.md', 'utf8');

describe('the page on fronts', () => {
  it('gives the prices that "mayfly cost" prints', () => {
    const rows = [...PAGE.matchAll(/^\| ([\d,]+) \| \$([\d,]+) \| \$([\d,]+) \|$/gm)];
    expect(rows.map(([, hosts]) => hosts)).toEqual(['100', '1,000', '10,000']);
    for (const [, hosts, ...dollars] of rows) {
      const load = { hosts: Number(hosts?.replace(',', '')), intervalSeconds: 10, startsPerHour: 0, clusters: 1 };
      const totals = FRONTS.map((front) => totalOf(billOf(usageOf({ ...load, front }), prices)));
      expect(dollars).toEqual(totals.map((total) => Math.round(total).toLocaleString('en-US')));
    }
  });

  it('gives the bounds of "mayfly mtta"', () => {
    const seconds = (ms = Number.NaN): string => `${(ms / 1000).toFixed(1)} s`;
    const polled = boundsOf({ intervalSeconds: 10, sweepEveryMs: SWEEP_EVERY_MS });
    const held = boundsOf({ intervalSeconds: 1, isHeld: true, sweepEveryMs: SWEEP_EVERY_MS });
    expect(PAGE).toContain(
      `| ${seconds(polled.idleMs)} at 10 s, ${seconds(polled.hotMs)} on a hot host | ${seconds(held.idleMs)}; ${seconds(held.lateHintMs)} if a hint is late |`,
    );
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { boundsOf, SWEEP_EVERY_MS } from '../../lib/core/ledger/bound.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };

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

  it('describes the shipped policy', () => {
    expect(PAGE).toContain(`| 10 s / ${builtIn.policy.heatSeconds} s, shipped |`);
    expect(builtIn.policy.profiles[0]?.config.options).toMatchObject({ distributed_interval: 10 });
  });
});

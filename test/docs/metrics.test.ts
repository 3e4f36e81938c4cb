import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { EVENT_METRICS } from '../../lib/aws/event-metrics.ts';

const PAGE = readFileSync('docs/reference/metrics.md', 'utf8');

/** Metric → unit, dimensions and event, as the page has them. */
const listed = [...PAGE.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \| `(\w+)`/gm)].map(
  ([, metric, unit, sets = '', event]) => ({
    metric,
    unit,
    sets: [...sets.matchAll(/`\{([^}]*)\}`/g)].map(([, set]) => set),
    event,
  }),
);

const capital = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
const written = Object.entries(EVENT_METRICS).flatMap(([event, { values, by = [[]] }]) =>
  Object.entries(values).map(([metric, { unit }]) => ({
    metric,
    unit,
    sets: by.map((set) => set.map(capital).join(', ')),
    event,
  })),
);

describe('the reference page of metrics', () => {
  const sorted = (rows: typeof listed) => rows.toSorted((a, b) => (String(a.metric) < String(b.metric) ? -1 : 1));

  it('lists every metric that is written, with its unit, dimensions and event, and no other', () => {
    expect(sorted(listed)).toEqual(sorted(written));
  });

  it('counts right what the measured answers make', () => {
    const { values = {} } = EVENT_METRICS.answer_timed ?? {};
    const metrics = (rules: number, clusters: number) => Object.keys(values).length * (1 + rules) * (1 + clusters);
    const said = (n: number) => `${n} metrics, $${(n * 0.3).toFixed(2)} a month`;
    expect(PAGE).toContain(`${said(metrics(2, 3))} if something starts every hour`);
    expect(PAGE).toContain(`twenty clusters would be ${metrics(2, 20)}, $${(metrics(2, 20) * 0.3).toFixed(2)}`);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Comparison, Pair } from '../../../workbench/simulated-day/comparison.ts';
import { tableOf } from '../../../workbench/simulated-day/table.ts';

const pair = (measured: number | null, model: number | null = null): Pair => ({ measured, model });
const aComparison = (comparison: Partial<Comparison>): Comparison => ({
  workload: 'jobs',
  mode: 'event',
  lives: 4,
  live: pair(0.5, 0.25),
  row: pair(1, 1),
  waitsMs: [],
  mttaP50: pair(null),
  mttaP99: pair(null),
  bound: pair(15_540, 15_310),
  late: 0,
  hot: pair(0.9, 0.936),
  pollsPerHostHour: 60,
  ...comparison,
});
/** The cells of the lines below the head. */
const cellsOf = (...comparisons: Comparison[]): string[][] =>
  tableOf(comparisons)
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('the table of a comparison', () => {
  it('has percentiles of all lives together, not means of the percentiles of each workload', () => {
    const [cells] = cellsOf(
      aComparison({ workload: 'a', waitsMs: [1000], mttaP50: pair(1000, 4000), mttaP99: pair(1000, 9000) }),
      aComparison({ workload: 'b', waitsMs: [2000, 3000, 9000], mttaP50: pair(3000, 4000), late: 2 }),
    );
    const mtta = ['2.0 s (4.0)', '9.0 s (9.0)', '9.0 s', '15.5 s (15.3)', '2'];
    expect(cells).toEqual([
      'event',
      ...['50.0 % (25.0)', '50.0 % (25.0)', '100.0 % (100.0)'],
      ...mtta,
      '90.0 % (93.6)',
      '60',
    ]);
  });

  it('shows a dash without a measurement, and no model if there is none', () => {
    const [cells] = cellsOf(
      aComparison({
        live: pair(0.5),
        row: pair(0),
        bound: pair(null),
        late: null,
        hot: pair(null),
        pollsPerHostHour: null,
      }),
    );
    expect(cells).toEqual(['event', '50.0 %', '0.0 %', '-', '-', '-', '-', '-', '-', '-']);
  });
});

import type { Comparison, Pair } from './comparison.ts';

/**
 * The comparison as a table in Markdown, one line a way of looking: the live catch of each workload, then row catch, MTTA and
 * polls over all of them, measured and in brackets what the formulas say.
 */
export function tableOf(comparisons: readonly Comparison[]): string {
  const workloads = [...new Set(comparisons.map(({ workload }) => workload))];
  const modes = [...new Set(comparisons.map(({ mode }) => mode))];
  const head = ['', ...workloads, 'row catch', 'MTTA p50', 'MTTA p99', 'hot', 'polls/host-h'];
  const lines = modes.map((mode) => {
    const rows = comparisons.filter((row) => row.mode === mode);
    const mean = (of: (row: Comparison) => number): number => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
    const pair = (of: (row: Comparison) => Pair): Pair => ({
      measured: mean((row) => of(row).measured),
      model: mean((row) => of(row).model),
    });
    const polls = mean(({ pollsPerHostHour }) => pollsPerHostHour ?? Number.NaN);
    return [
      mode,
      ...rows.map(({ live }) => percent(live)),
      percent(pair(({ row }) => row)),
      seconds(pair(({ mttaP50 }) => mttaP50)),
      seconds(pair(({ mttaP99 }) => mttaP99)),
      Number.isNaN(polls) ? '' : `${(100 * mean(({ hot }) => hot)).toFixed(1)} %`,
      Number.isNaN(polls) ? '' : polls.toFixed(0),
    ];
  });
  return aligned([head, ...lines]);
}

const percent = ({ measured, model }: Pair): string => `${(100 * measured).toFixed(1)} % (${(100 * model).toFixed(1)})`;

const seconds = ({ measured, model }: Pair): string =>
  `${(measured / 1000).toFixed(1)} s (${(model / 1000).toFixed(1)})`;

/** A table in Markdown, its columns padded; the first line is the head. */
export function aligned([head = [], ...lines]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  const text = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [text(head), text(rule), ...lines.map(text)].join('\n');
}

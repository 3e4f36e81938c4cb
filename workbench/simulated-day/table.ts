import { markdownTable } from 'markdown-table';
import { percentilesOf } from '../../lib/core/ledger/percentiles.ts';
import type { Comparison, Pair } from './comparison.ts';

/**
 * Formats the comparison as a Markdown table, one line per mode or schedule. The columns are the live catch of each
 * workload, then over all workloads the row catch, MTTA, its bound and polls. Each cell has the measured value, with
 * the formulas' value in brackets.
 */
export function tableOf(comparisons: readonly Comparison[]): string {
  const workloads = [...new Set(comparisons.map(({ workload }) => workload))];
  const modes = [...new Set(comparisons.map(({ mode }) => mode))];
  const mtta = ['MTTA p50', 'MTTA p99', 'MTTA max', 'bound', 'late'];
  const head = ['', ...workloads, 'row catch', ...mtta, 'hot', 'polls/host-h'];
  const lines = modes.map((mode) => {
    const rows = comparisons.filter((row) => row.mode === mode);
    const pair = (of: (row: Comparison) => Pair): Pair => ({
      measured: mean(rows.map((row) => of(row).measured)),
      model: mean(rows.map((row) => of(row).model)),
    });
    // Percentiles over all lives, because a mean of percentiles is meaningless.
    const waits = percentilesOf(rows.flatMap(({ waitsMs }) => waitsMs));
    const late = rows.flatMap((row) => row.late ?? []);
    return [
      mode,
      ...rows.map(({ live }) => cell(live, percent)),
      cell(
        pair(({ row }) => row),
        percent,
      ),
      cell({ ...pair(({ mttaP50 }) => mttaP50), measured: waits?.p50 ?? null }, seconds),
      cell({ ...pair(({ mttaP99 }) => mttaP99), measured: waits?.p99 ?? null }, seconds),
      cell({ measured: waits?.max ?? null, model: null }, seconds),
      cell(
        pair(({ bound }) => bound),
        seconds,
      ),
      late.length > 0 ? String(late.reduce((sum, count) => sum + count, 0)) : NONE,
      cell(
        pair(({ hot }) => hot),
        percent,
      ),
      cell({ measured: mean(rows.map(({ pollsPerHostHour }) => pollsPerHostHour)), model: null }, (n) => n.toFixed(0)),
    ];
  });
  return markdownTable([head, ...lines]);
}

const NONE = '-';

/** Returns the mean of the values that are not null; null if there are none. */
function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Formats a value, with the model's value in brackets. */
function cell({ measured, model }: Pair, format: (value: number) => string): string {
  if (measured === null) return NONE;
  return model === null ? format(measured) : `${format(measured)} (${format(model).replace(/ .*$/, '')})`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

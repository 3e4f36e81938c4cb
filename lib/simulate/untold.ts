import { type Percentiles, percentilesOf } from '../core/ledger/percentiles.ts';
import type { Day } from './day.ts';
import { aligned } from './table.ts';

/** A day of which no event told: the reconciler alone accounts for it. */
export interface Untold {
  readonly workload: string;
  readonly mode: string;
  readonly tasks: number;
  /** Share of tasks that were seen while they ran, and of those that a row tells of. */
  readonly live: number;
  readonly row: number;
  /** From a container's start to its first stored row. */
  readonly mttaMs: Percentiles | null;
  readonly verdicts: Day['verdicts'];
}

/** Sums up such a day. */
export function untoldOf(workload: string, mode: string, { lives, verdicts }: Day): Untold {
  return {
    workload,
    mode,
    tasks: lives.length,
    live: verdicts.seen / lives.length,
    row: (verdicts.seen + verdicts['post-mortem']) / lives.length,
    mttaMs: percentilesOf(lives.flatMap(({ answeredAfterMs }) => answeredAfterMs ?? [])),
    verdicts,
  };
}

/** Such days as a table in Markdown. */
export function untoldTable(days: readonly Untold[]): string {
  const head = ['workload', 'polling', 'row catch', 'live', 'MTTA p50', 'MTTA max', 'no row'];
  const lines = days.map(({ workload, mode, tasks, live, row, mttaMs }) => [
    workload,
    mode.replace('event + ', ''),
    `${(100 * row).toFixed(2)} %`,
    `${(100 * live).toFixed(1)} %`,
    secondsOf(mttaMs?.p50),
    secondsOf(mttaMs?.max),
    `${Math.round(tasks * (1 - row))} of ${tasks}`,
  ]);
  return aligned([head, ...lines]);
}

const secondsOf = (ms: number | undefined): string => (ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`);

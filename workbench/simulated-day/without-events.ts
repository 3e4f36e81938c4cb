import { markdownTable } from 'markdown-table';
import { boundsOf } from '../../lib/core/ledger/bound.ts';
import { type Percentiles, percentilesOf } from '../../lib/core/ledger/percentiles.ts';
import type { Day } from './day.ts';
import type { Mode } from './modes.ts';

/** Results of a day on which every event was dropped, so that only the reconciler finds tasks. */
export interface DayWithoutEvents {
  readonly workload: string;
  readonly mode: string;
  readonly tasks: number;
  /** Share of tasks seen while they ran, and share with a row. */
  readonly live: number;
  readonly row: number;
  /** From a container's start to its first stored row, and the bound that holds without events. */
  readonly mttaMs: Percentiles | null;
  readonly boundMs: number;
  readonly verdicts: Day['verdicts'];
}

/** Summarizes such a day. */
export function summaryWithoutEvents(
  workload: string,
  { name, idleSeconds }: Mode,
  sweepSeconds: number,
  { lives, verdicts }: Day,
): DayWithoutEvents {
  return {
    workload,
    mode: name,
    tasks: lives.length,
    live: verdicts.seen / lives.length,
    row: (verdicts.seen + verdicts['post-mortem']) / lives.length,
    mttaMs: percentilesOf(lives.flatMap(({ answeredAfterMs }) => answeredAfterMs ?? [])),
    boundMs: boundsOf({ intervalSeconds: idleSeconds, sweepEveryMs: 1000 * sweepSeconds }).unheardMs,
    verdicts,
  };
}

/** Formats such days as a Markdown table. */
export function tableWithoutEvents(days: readonly DayWithoutEvents[]): string {
  const head = ['workload', 'polling', 'row catch', 'live', 'MTTA p50', 'MTTA max', 'bound', 'no row'];
  const lines = days.map(({ workload, mode, tasks, live, row, mttaMs, boundMs }) => [
    workload,
    mode.replace('event + ', ''),
    `${(100 * row).toFixed(2)} %`,
    `${(100 * live).toFixed(1)} %`,
    secondsOf(mttaMs?.p50),
    secondsOf(mttaMs?.max),
    secondsOf(boundMs),
    `${Math.round(tasks * (1 - row))} of ${tasks}`,
  ]);
  return markdownTable([head, ...lines]);
}

const secondsOf = (ms: number | undefined): string => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`);

import { markdownTable } from 'markdown-table';
import { boundsOf } from '../../lib/core/ledger/bound.ts';
import { type Percentiles, percentilesOf } from '../../lib/core/ledger/percentiles.ts';
import type { Day } from './day.ts';
import type { Mode } from './modes.ts';

/** A day of which no event told: the reconciler alone accounts for it. */
export interface Untold {
  readonly workload: string;
  readonly mode: string;
  readonly tasks: number;
  /** Share of tasks that were seen while they ran, and of those that a row tells of. */
  readonly live: number;
  readonly row: number;
  /** From a container's start to its first stored row, and what is guaranteed where no event comes. */
  readonly mttaMs: Percentiles | null;
  readonly boundMs: number;
  readonly verdicts: Day['verdicts'];
}

/** Sums up such a day. */
export function untoldOf(
  workload: string,
  { name, idleSeconds }: Mode,
  sweepSeconds: number,
  { lives, verdicts }: Day,
): Untold {
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

/** Such days as a table in Markdown. */
export function untoldTable(days: readonly Untold[]): string {
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

import { markdownTable } from 'markdown-table';
import { boundsOf } from '../../lib/core/ledger/bound.ts';
import { type Percentiles, percentilesOf } from '../../lib/core/ledger/percentiles.ts';
import { type Lifetime, Random } from '../world/index.ts';
import { PATH } from './comparison.ts';
import type { Day } from './day.ts';
import { catchRate, lifetimesOf, quantileOf, sweptDelay } from './model.ts';
import type { Mode } from './modes.ts';

/** Results of a day on which every event was dropped, so that only the reconciler finds tasks. */
export interface DayWithoutEvents {
  readonly workload: string;
  readonly mode: string;
  readonly tasks: number;
  /** Share of tasks seen while they ran, and share with a row. */
  readonly live: number;
  readonly row: number;
  /** What the formulas say; null if they say nothing. */
  readonly model: { readonly live: number; readonly p50Ms: number } | null;
  /** From a container's start to its first stored row, and the bound that holds without events. */
  readonly mttaMs: Percentiles | null;
  readonly boundMs: number;
  readonly verdicts: Day['verdicts'];
}

/** Summarizes such a day. */
export function summaryWithoutEvents(
  workload: Lifetime,
  mode: Mode,
  sweepSeconds: number,
  { lives, verdicts }: Day,
): DayWithoutEvents {
  const { name, idleSeconds, isHeld, leaseSeconds } = mode;
  const delay = sweptDelay(mode, 1000 * sweepSeconds, PATH);
  const lifetimes = lifetimesOf(workload, new Random('model').fork(workload.name));
  return {
    workload: workload.name,
    mode: name,
    tasks: lives.length,
    // A start that a sweep found heats its host for the next one, for which there is no formula.
    model: isHeld || leaseSeconds === 0 ? { live: catchRate(delay, lifetimes), p50Ms: quantileOf(delay, 0.5) } : null,
    live: verdicts.seen / lives.length,
    row: (verdicts.seen + verdicts['post-mortem']) / lives.length,
    mttaMs: percentilesOf(lives.flatMap(({ answeredAfterMs }) => answeredAfterMs ?? [])),
    boundMs: boundsOf({ intervalSeconds: idleSeconds, isHeld, sweepEveryMs: 1000 * sweepSeconds }).unheardMs,
    verdicts,
  };
}

/** Formats such days as a Markdown table. */
export function tableWithoutEvents(days: readonly DayWithoutEvents[]): string {
  const head = ['workload', 'polling', 'row catch', 'live', 'MTTA p50', 'MTTA max', 'bound', 'no row'];
  const lines = days.map(({ workload, mode, tasks, live, row, mttaMs, boundMs, model }) => [
    workload,
    mode.replace('event + ', ''),
    `${(100 * row).toFixed(2)} %`,
    `${(100 * live).toFixed(1)} %${model ? ` (${(100 * model.live).toFixed(1)})` : ''}`,
    `${secondsOf(mttaMs?.p50)}${model ? ` (${(model.p50Ms / 1000).toFixed(1)})` : ''}`,
    secondsOf(mttaMs?.max),
    secondsOf(boundMs),
    `${Math.round(tasks * (1 - row))} of ${tasks}`,
  ]);
  return markdownTable([head, ...lines]);
}

const secondsOf = (ms: number | undefined): string => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`);

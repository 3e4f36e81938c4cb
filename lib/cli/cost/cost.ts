import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { billOf, totalOf } from '../../cost/bill.ts';
import { type CountedRun, compared, USAGE_FILE } from '../../cost/counted-run.ts';
import prices from '../../cost/prices.json' with { type: 'json' };
import { type Load, usageOf } from '../../cost/usage.ts';
import { CommandError } from '../command-error.ts';
import { figures, prose, say, sayJson } from '../print.ts';

interface CostFlags extends Omit<Load, 'intervalSeconds'> {
  readonly interval: number;
  readonly json: boolean;
  /** @default - the estimate of a month */
  readonly data?: string;
}

/** Prints the estimate of a month, or what a local run used beside the estimate for it. */
export async function cost({ data, ...flags }: CostFlags): Promise<void> {
  if (data === undefined) costOfMonth(flags);
  else await usageOfRun(data, flags.json);
}

async function usageOfRun(data: string, json: boolean): Promise<void> {
  const run = await countedRunIn(data);
  const comparison = compared(run);
  if (json) {
    sayJson({ ...run, comparison });
    return;
  }
  const rows = comparison.map(({ what, measured, estimated }) => [
    what,
    count(measured),
    count(estimated),
    estimated === 0 ? '' : `${Math.round(100 * (measured / estimated - 1))} %`,
  ]);
  say(figures([['', 'measured', 'estimated', 'difference'], ...rows]));
  say('');
  for (const [name, { invocations, gbSeconds }] of Object.entries(run.functions))
    say(`${name}: ${invocations} invocations, ${gbSeconds.toFixed(1)} GB-seconds on this machine`);
  const { firehose, busEvents } = run;
  say(`Firehose: ${firehose.requests} requests, ${(firehose.gb * 1e6).toFixed(0)} KB. Own bus: ${busEvents} events.`);
  say(`The run of ${run.startedAt} took ${Math.round(run.seconds)} s. docs/cost.md says how it is counted.`);
}

async function countedRunIn(data: string): Promise<CountedRun> {
  try {
    return JSON.parse(await readFile(join(data, USAGE_FILE), 'utf8'));
  } catch (cause) {
    throw new CommandError('NOT_RUNNING', `no run of a local Mayfly was counted in ${data}`, {
      next: 'let "npx mayfly local" run and end there; it counts with its own DynamoDB and the serverless front',
      cause,
    });
  }
}

const count = (units: number): string => String(Math.round(units));

function costOfMonth({ interval, json, ...flags }: Omit<CostFlags, 'data'>): void {
  const load: Load = { ...flags, intervalSeconds: interval };
  const usage = usageOf(load);
  const lines = billOf(usage, prices);
  const total = totalOf(lines);
  const { asOf, region, fleet } = prices;
  const fleetDollars = load.hosts * fleet.perHostMonth;
  if (json) {
    sayJson({ load, asOf, region, lines, total, usage, fleet: { ...fleet, dollars: fleetDollars } });
    return;
  }
  const rows = lines.map(({ service, what, dollars }) => [
    `${service}, ${what}`,
    money(dollars),
    share(dollars, total),
  ]);
  say(figures([['a month', 'dollars', ''], ...rows, ['total', money(total), '']]));
  if (load.hosts > 0) say(`\n${money(total / load.hosts)} for each of ${load.hosts} hosts.`);
  say(prose(`Fleet's published figure for as many hosts: ${money(fleetDollars)} (${fleet.source}).`));
  const { freeDashboards, metricsOnFreeDashboard, perDashboard } = prices.cloudwatch;
  say(
    prose(
      `The dashboard is free as one of the account's first ${freeDashboards} with up to ${metricsOnFreeDashboard} metrics, else ${money(perDashboard)} more.`,
    ),
  );
  say(`Prices of ${region}, ${asOf}. An estimate: docs/cost.md says what it assumes.`);
}

const money = (dollars: number): string => `$${dollars < 0.1 && dollars > 0 ? dollars.toFixed(4) : dollars.toFixed(2)}`;

const share = (dollars: number, total: number): string => `${Math.round((100 * dollars) / total)} %`;

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { billOf, totalOf } from '../../cost/bill.ts';
import { CountedRun, compared, USAGE_FILE } from '../../cost/counted-run.ts';
import prices from '../../cost/prices.json' with { type: 'json' };
import { type Load, SECONDS_OF, usageOf } from '../../cost/usage.ts';
import { CommandError } from '../errors/command-error.ts';
import { count, figures, prose, say, sayJson } from '../terminal/print.ts';

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
    amount(what, measured),
    amount(what, estimated),
    estimated === 0 ? '' : `${Math.round(100 * (measured / estimated - 1))} %`,
  ]);
  say(figures([['', 'measured', 'estimated', 'difference'], ...rows]));
  say('');
  for (const [name, { invocations, gbSeconds }] of Object.entries(run.functions))
    say(`${name}: ${count(invocations, 'invocation')}, ${gbSeconds.toFixed(1)} GB-seconds on this machine`);
  const { firehose, busEvents } = run;
  say(`Firehose: ${firehose.requests} requests, ${(firehose.gb * 1e6).toFixed(0)} KB. Own bus: ${busEvents} events.`);
  say(prose(durations(run)));
  if (run.front === 'service') say(prose(FRONT_LEFT_OUT));
  say(`The run of ${run.startedAt} took ${Math.round(run.seconds)} s. docs/cost.md says how it is counted.`);
}

/** The durations behind the GB-seconds: those measured here, and those that the monthly estimate assumes for Lambda. */
function durations({ front, meanSeconds: { request, batch, sweep } }: CountedRun): string {
  const { idlePoll, work, sweep: sweepSeconds } = SECONDS_OF;
  const requests =
    front === 'service' ? '' : `a request ${ms(request)} (${ms(idlePoll)} for an idle poll, ${ms(work)} for others), `;
  return (
    'GB-seconds are estimated with the mean durations of this machine. In brackets, what the estimate of a month ' +
    `assumes for Lambda: ${requests}events ${ms(batch)} (${ms(work)}), a sweep ${ms(sweep)} (${ms(sweepSeconds)}).`
  );
}

const FRONT_LEFT_OUT =
  'Not compared: the front. Its requests cost nothing by themselves. In AWS two Fargate tasks and a load balancer are ' +
  'billed by the hour, whatever the load; here one process takes their place.';

const ms = (seconds: number): string => `${Math.round(seconds * 1000)} ms`;

async function countedRunIn(data: string): Promise<CountedRun> {
  try {
    return CountedRun.parse(JSON.parse(await readFile(join(data, USAGE_FILE), 'utf8')));
  } catch (cause) {
    throw new CommandError('NOT_RUNNING', `no run of a local Mayfly was counted in ${data}`, {
      next: 'let "npx mayfly local" run and end there; it counts with its own DynamoDB',
      cause,
    });
  }
}

/** GB-seconds are few; everything else is counted in whole units. */
const amount = (what: string, units: number): string => units.toFixed(what === 'GB-seconds' ? 2 : 0);

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

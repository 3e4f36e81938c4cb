import { billOf, totalOf } from '../../cost/bill.ts';
import prices from '../../cost/prices.json' with { type: 'json' };
import { type Load, usageOf } from '../../cost/usage.ts';
import { figures, prose, say, sayJson } from '../print.ts';

interface CostFlags extends Omit<Load, 'intervalSeconds'> {
  readonly interval: number;
  readonly json: boolean;
}

/** Prints the estimate of a month. */
export async function cost({ interval, json, ...flags }: CostFlags): Promise<void> {
  const load: Load = { ...flags, intervalSeconds: interval };
  const usage = usageOf(load);
  const lines = billOf(usage, prices);
  const total = totalOf(lines);
  const { asOf, region, fleet } = prices;
  const fleetDollars = load.hosts * fleet.perHostMonth;
  if (json) return sayJson({ load, asOf, region, lines, total, usage, fleet: { ...fleet, dollars: fleetDollars } });
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

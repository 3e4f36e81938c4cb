import { type Command, InvalidArgumentError, Option } from 'commander';
import { FRONTS } from '../cost/usage.ts';
import { lazily } from './lazily.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';

/** Adds `mayfly cost`. */
export function addCost(program: Command): void {
  program
    .command('cost')
    .description('Estimate what Mayfly costs in AWS, in dollars a month by line')
    .option('-n, --hosts <number>', 'hosts with an agent', numberFrom(0), 100)
    .option('-i, --interval <seconds>', 'seconds between the polls of a host', numberFrom(1), 10)
    .addOption(
      new Option('-f, --front <name>', 'which front carries the TLS API').choices(FRONTS).default('serverless'),
    )
    .option('-s, --starts-per-hour <number>', 'task starts on each host in an hour', numberFrom(0), 1)
    .option('-c, --clusters <number>', 'ECS clusters', numberFrom(0), 1)
    .addOption(
      new Option(
        '-d, --data <folder>',
        'instead: what the last local Mayfly in this folder used, beside the estimate for that',
      ).conflicts(['hosts', 'interval', 'front', 'startsPerHour', 'clusters']),
    )
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly cost --hosts 1000 --interval 10',
        'npx mayfly cost --hosts 1000 --front service --starts-per-hour 20',
        'npx mayfly cost --hosts 10000 --interval 60 --json',
        'npx mayfly cost --data .mayfly',
      )}

Prices are list prices of one Region, kept with the command; the output names their date. Free tiers, NAT and data
transfer out are left out. How the usage is estimated: docs/cost.md.`,
    )
    .action(lazily(async () => (await import('./cost/cost.ts')).cost));
}

const numberFrom =
  (least: number) =>
  (text: string): number => {
    const number = Number(text);
    if (text.trim() === '' || !Number.isFinite(number) || number < least)
      throw new InvalidArgumentError(`Use a number from ${least}.`);
    return number;
  };

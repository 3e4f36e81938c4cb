import { type Command, InvalidArgumentError, Option } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { examples } from './terminal/print.ts';
import { pastTime, TIMES } from './terminal/times.ts';

/** Adds the command that serves the web console. */
export function addConsole(program: Command): void {
  withDeploymentOptions(program.command('console'))
    .description('Serve a page on this computer: lives as they happen, coverage, hosts, queries and policy')
    .addOption(
      new Option('--since <time>', `show workloads whose first event is not older: ${TIMES}`)
        .argParser(pastTime)
        .default(pastTime('24h'), '24h'),
    )
    .addOption(
      new Option('-b, --bus <name>', 'its bus, where --table is used and CloudFormation may not be read').conflicts(
        'stack',
      ),
    )
    .option('-p, --port <number>', 'port on 127.0.0.1; 0 picks a free one', port, 0)
    .addHelpText(
      'after',
      `${examples('npx mayfly console', 'npx mayfly console --stack Mayfly --since 7d')}

Only this computer reaches the page, and the printed link works once: press Enter for another one. Ctrl-C ends it.
It reads with your credentials, and only while a page is open. docs/console.md has pictures.`,
    )
    .action(lazily(async () => (await import('./console/console.ts')).console));
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('0 to 65535.');
  return value;
}

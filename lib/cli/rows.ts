import type { Command } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { csvOption, limit, skip } from './terminal/paging.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';
import { pastTime, TIMES, untilTime } from './terminal/times.ts';

/** Adds `mayfly rows`. */
export function addRows(program: Command): void {
  withDeploymentOptions(program.command('rows'))
    .description('Show stored rows, newest first: what hosts answered')
    .argument(
      '[workload|campaign|name]',
      'a task, an instance or a campaign, by its id or the beginning of it; or a rule, or a query',
    )
    .option('-H, --host <host>', 'only rows from this host: its identifier, its host name, or a unique beginning')
    .option('--rule <rule>', 'only rows of this rule')
    .option('--query <query>', 'only rows of this query of a rule')
    .option('--since <time>', `rows that were stored since: ${TIMES}; default: 24h, or all of a workload`, pastTime)
    .option('--until <time>', 'rows that were stored until then; default: now', untilTime)
    .option('-n, --limit <number>', 'the most rows to show', limit, 200)
    .option('--skip <number>', 'how many of the newest rows to leave out', skip, 0)
    .option('--database <name>', 'its Glue database, where --table is used and CloudFormation may not be read')
    .option('--workgroup <name>', 'its Athena workgroup')
    .option(...JSON_FLAG)
    .addOption(csvOption())
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly rows 4f1c8d52',
        'npx mayfly rows --host i-0a1b2c3d4e5f60718 --since yesterday --until yesterday',
        'npx mayfly rows --rule ecs-task-running --query processes --since 2h --json',
        'npx mayfly rows i-0a1b2c3d4e5f60718 --stack Mayfly --limit 10000 --csv > rows.csv',
      )}

A day, such as yesterday or 2026-11-01, is included whole. --json prints one row a line, with the fields of
docs/reference/results.md. With --stack, Athena reads the rows: it bills the bytes of the hours in the span, and rows reach
it after a minute or two.`,
    )
    .action(lazily(async () => (await import('./rows/rows.ts')).rows));
}

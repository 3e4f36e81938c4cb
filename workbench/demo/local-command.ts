import { isIP } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DATA } from '../../lib/cli/deployment/deployment-flags.ts';
import { lazily } from '../../lib/cli/lazily.ts';
import { examples, JSON_FLAG } from '../../lib/cli/terminal/print.ts';

/** Adds `mayfly local` and its subcommands. */
export function addLocal(program: Command): void {
  const local = program
    .command('local')
    .description('Run all of Mayfly on this machine, from its synthesized CDK template')
    .option('-p, --port <number>', 'HTTPS port for osquery agents; 0 picks a free one', port, 8443)
    .option('-d, --data <folder>', 'where table, queues, secrets, certificate and results are kept', DATA)
    .addOption(
      new Option('-f, --front <kind>', 'what agents connect to: they poll, or their reads are held (docs/fronts.md)')
        .choices(['serverless', 'service'])
        .default('serverless'),
    )
    .addOption(
      new Option(
        '-l, --listen <address>',
        'an IP address of this machine, for agents in a VM or container; 0.0.0.0 for all',
      )
        .argParser(address)
        .default('127.0.0.1'),
    )
    .option('--quiet', 'with --no-demo or --json: do not print enrollments, events and answers as they happen', false)
    .option('--no-demo', 'without the simulated cluster; put events in yourself')
    .option('--console', 'also serve its web console, and keep running after the demo until Ctrl-C', false)
    .option('--forever', 'keep the demo running until Ctrl-C', false)
    .option(
      '--json',
      'one JSON object a line instead of pictures, the first {"ready":{…}}; what happens as {"moment":{…}}',
      false,
    )
    .addHelpText(
      'after',
      `
Examples:
  $ npm start                                        the demo: about a minute, then a summary
  $ npm start -- --console                           the same, and a page to watch it in a browser
  $ npx mayfly local --no-demo --port 8443           wait for real agents and events
  $ npx mayfly local --no-demo --listen 192.168.122.1  also for VMs, at that address of this machine
  $ npx mayfly local put-events --now test/fixtures/events/05-ecs-task-ec2-running.json`,
    )
    .action(lazily(async () => (await import('./run-local.ts')).runLocal));
  local
    .command('put-events')
    .description('Put EventBridge events (JSON files, one event or an array each) on the local bus')
    .argument('<files...>', 'JSON files')
    .option('-e, --endpoint <url>', 'the bus, as printed at start; default: what runs in the data folder')
    .option('-d, --data <folder>', 'the data folder of the running Mayfly', DATA)
    .option('--now', 'move the times in them, so that the last event happens now', false)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples('npx mayfly local put-events --now test/fixtures/events/05-ecs-task-ec2-running.json'),
    )
    .action(lazily(async () => (await import('./put-events-command.ts')).putEventsCommand));
}

function address(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Use an IP address, such as 192.168.122.1 or 0.0.0.0.');
  return text;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('0 to 65535.');
  return value;
}

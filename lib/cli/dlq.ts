import { type Command, InvalidArgumentError } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';

/** Adds `mayfly dlq list`, `mayfly dlq show` and `mayfly dlq redrive`. */
export function addDlq(program: Command): void {
  const dlq = program
    .command('dlq')
    .description('Show the events that failed for good, in the dead-letter queues, or send them back')
    .addHelpText('after', examples('npx mayfly dlq list', 'npx mayfly dlq redrive --all --stack Mayfly'));
  withDeploymentOptions(dlq.command('list'))
    .description('List dead letters: which event, when, and why it failed')
    .option('-n, --limit <number>', 'the most of each queue', whole, 100)
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly dlq list', 'npx mayfly dlq list --stack Mayfly --json'))
    .action(lazily(async () => (await import('./dlq/list.ts')).list));
  withDeploymentOptions(dlq.command('show'))
    .description('Show one dead letter: the event as it arrived, and the error')
    .argument('<id>', 'its id, as listed by "mayfly dlq list", or the start of it', letterId)
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly dlq show 5f2c', 'npx mayfly dlq show 5f2c --stack Mayfly --json'))
    .action(lazily(async () => (await import('./dlq/show.ts')).show));
  withDeploymentOptions(dlq.command('redrive'))
    .description('Send dead letters back to the queue that they came from, to be handled again')
    .argument('[id]', 'the id of one, or the start of it', letterId)
    .option('-a, --all', 'all of them', false)
    .option('-q, --queue <name>', 'with --all: only those of this queue, such as EcsTaskState')
    .option('-y, --yes', 'do not ask for confirmation', false)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly dlq redrive 5f2c', 'npx mayfly dlq redrive --all --stack Mayfly', 'npx mayfly dlq redrive --all --queue EcsTaskState --yes')}

Fix the cause first. Repeating an event is harmless: the ledger checks versions, and ids derive from their cause. A letter is
sent before it is deleted, so none is lost if the command is interrupted; one may be handled twice.`,
    )
    .action(lazily(async () => (await import('./dlq/redrive.ts')).redrive));
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Use a whole number from 1.');
  return Number(text);
}

function letterId(text: string): string {
  if (/^[0-9a-fA-F-]{1,36}$/.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('The id of a message has hexadecimal digits and hyphens.');
}

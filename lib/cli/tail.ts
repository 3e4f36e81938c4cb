import { type Command, InvalidArgumentError } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { KINDS, type Kind } from './logs/kinds.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';
import { pastTime } from './terminal/times.ts';

/** Adds `mayfly tail`. */
export function addTail(program: Command): void {
  withDeploymentOptions(program.command('tail'))
    .description('Show what happens, a line each: enrollments, refusals, events, queries, answers, misses')
    .option('-H, --host <host>', 'only lines about this host: its identifier, or the beginning of it')
    .option('-k, --kind <kind>', `only this kind, or several with commas between them: ${KINDS.join(', ')}`, kinds)
    .option('--since <time>', 'begin there, such as 10m or 2026-11-01T10:00Z; default: now', pastTime)
    .option('--no-follow', 'end after the lines so far')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly tail',
        'npx mayfly tail --kind refused,miss --since 1h --no-follow',
        'npx mayfly tail --stack Mayfly --host i-0a1b2c3d4e5f60718 --json',
      )}

The kind query is about queries that are queued, delivered, refused or dropped; issue is about a new fleet issue.
It reads the logs of the functions: files on this machine, CloudWatch Logs in AWS, where a line appears some seconds after
it was written. With --json each line is an object. Ctrl-C ends it.`,
    )
    .action(lazily(async () => (await import('./logs/tail.ts')).tail));
}

function kinds(text: string): Kind[] {
  const given = text.split(',').map((word) => word.trim());
  const known = KINDS.filter((kind) => given.includes(kind));
  if (known.length === new Set(given).size) return known;
  throw new InvalidArgumentError(`The kinds are: ${KINDS.join(', ')}.`);
}

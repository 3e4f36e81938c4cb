import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { policyIn } from '../../lib/aws/live-policy.ts';
import { openTable } from '../../lib/aws/table.ts';
import { DATA, READY_FILE, type Ready, type ReadyFile, readyIn } from '../../lib/cli/local-mayfly.ts';
import { colours, count, note, printable, say, sayJson, ticking } from '../../lib/cli/print.ts';
import { flagfile } from '../../lib/stack/flagfile.ts';
import { type LocalMayfly, type LocalOptions, startLocal } from '../local-aws/index.ts';
import { replaceFile } from '../local-aws/replace-file.ts';
import { runDemo } from './demo.ts';
import { noticeText } from './notice-text.ts';
import { putEvents } from './put-events.ts';
import { synthesize } from './synthesize.ts';

interface LocalFlags {
  readonly port: number;
  readonly data: string;
  readonly demo: boolean;
  readonly forever: boolean;
  readonly json: boolean;
}

/** Adds `mayfly local` and its subcommands. */
export function addLocal(program: Command): void {
  const local = program
    .command('local')
    .description('Run Mayfly whole on this machine, from its synthesized CDK template')
    .option('-p, --port <number>', 'HTTPS port for osquery agents; 0 picks a free one', port, 8443)
    .option('-d, --data <folder>', 'where table, queues, secrets, certificate and results are kept', DATA)
    .option('--no-demo', 'without the simulated cluster; put events in yourself')
    .option('--forever', 'let the demo run on until Ctrl-C', false)
    .option('--json', 'one JSON object a line instead of pictures, the first {"ready":{…}}', false)
    .addHelpText(
      'after',
      `
Examples:
  $ npm start                                        the demo: about a minute, then a summary
  $ npx mayfly local --no-demo --port 8443           wait for real agents and events
  $ npx mayfly local put-events --now test/fixtures/events/05-ecs-task-ec2-running.json`,
    )
    .action((flags: LocalFlags) => runLocal(flags));
  local
    .command('put-events')
    .description('Put EventBridge events (JSON files, one event or an array each) on the local bus')
    .argument('<files...>', 'JSON files')
    .option('-e, --endpoint <url>', 'the bus, as printed at start; default: what runs in the data folder')
    .option('-d, --data <folder>', 'the data folder of the running Mayfly', DATA)
    .option('--now', 'move the times in them, so that the last event happens now', false)
    .action(async (files: string[], flags: { endpoint?: string; data: string; now: boolean }) => {
      const ready = await readyIn(flags.data);
      const bus = { endpoint: flags.endpoint ?? ready.events, credentials: ready.credentials };
      const { accepted, unmatched } = await putEvents(files, bus, flags.now ? Date.now() : undefined);
      say(`${count(accepted, 'event')} accepted`);
      for (const title of unmatched) say(`no rule of the stack matches ${printable(title)}: nothing comes of it`);
      if (accepted > unmatched.length && !flags.endpoint)
        note(`What the functions make of it is logged in ${join(flags.data, 'logs')}`);
    });
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('0 to 65535.');
  return value;
}

async function runLocal(flags: LocalFlags): Promise<void> {
  process.umask(0o077); // every file written from here on is private
  const data = resolve(flags.data);
  const stop = new AbortController();
  const hurry = new AbortController();
  const interrupt = (): void => (stop.signal.aborted ? hurry : stop).abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const assembly = async (): Promise<string> => {
    const folder = join(data, 'cdk.out');
    const done = flags.json ? () => undefined : ticking((took) => `Synthesizing the CDK app … ${took} s`);
    await synthesize(folder, stop.signal).finally(done);
    return folder;
  };
  // Loaded only for the demo, because the simulated hosts load SQLite.
  const world = flags.demo ? new (await import('./world.ts')).World(stop.signal, Date.now()) : undefined;
  const mayfly = await started({
    assembly,
    data,
    port: flags.port,
    ...(process.env.DYNAMODB_ENDPOINT ? { dynamodbEndpoint: process.env.DYNAMODB_ENDPOINT } : {}),
    ...(world ? { world: world.aws } : {}),
    onEvent: (notice) => {
      if (flags.json) sayJson({ notice });
      else if (!world) say(colours().yellow(noticeText(notice, join(data, 'logs'))));
    },
  });
  try {
    const ready = await readyFor(mayfly, data);
    const { credentials } = mayfly;
    await replaceFile(join(data, READY_FILE), JSON.stringify({ ...ready, credentials } satisfies ReadyFile));
    await seedPolicy({ ...ready, credentials });
    if (flags.json) sayJson({ ready });
    else say(greeting(ready, data));
    if (world)
      await runDemo({
        world,
        mayfly,
        forever: flags.forever,
        json: flags.json ? sayJson : undefined,
        flags: flags.data === DATA ? '' : ` --data ${flags.data}`,
        signal: stop.signal,
        hurry: hurry.signal,
      });
    else
      await new Promise<void>((done) =>
        stop.signal.aborted ? done() : stop.signal.addEventListener('abort', () => done()),
      );
  } finally {
    await mayfly.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Writes the agents' flagfile. @returns the addresses and files of a running Mayfly */
async function readyFor(mayfly: LocalMayfly, data: string): Promise<Ready> {
  const { url, certificate, enrollSecret, namedSecrets, events, results, dynamodb, tableName } = mayfly;
  const flagsFile = join(data, 'osquery.flags');
  const agent = { hostname: new URL(url).host, pathPrefix: '', enrollSecret, certificate };
  await writeFile(flagsFile, `${flagfile(agent)}\n`, { mode: 0o600 });
  return {
    url,
    certificate,
    enrollSecret,
    namedSecrets,
    events,
    results,
    flagfile: flagsFile,
    dynamodb,
    embedded: !process.env.DYNAMODB_ENDPOINT,
    tableName,
    bus: mayfly.outputs.BusName ?? 'default',
  };
}

/** Starts the runner. Rewords errors that other flags would fix. */
async function started(options: LocalOptions): Promise<LocalMayfly> {
  try {
    return await startLocal(options);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause;
    throw new Error(`port ${options.port} is taken: choose another with --port, or any free one with --port 0`, {
      cause,
    });
  }
}

/** Seeds an empty table with the default policy as version 1. Keeps an existing policy. */
async function seedPolicy({ dynamodb, tableName, credentials }: ReadyFile): Promise<void> {
  const client = new DynamoDBClient({ endpoint: dynamodb, region: 'us-east-1', credentials });
  await policyIn(openTable(tableName, client), Date.now, () => undefined)();
  client.destroy();
}

function greeting(ready: Ready, data: string): string {
  const { bold, dim } = colours();
  return `${bold('Mayfly runs.')}
  agents   ${ready.url}   ${dim(`osqueryd --flagfile ${ready.flagfile} --specified_identifier=$(hostname)`)}
  events   ${ready.events}   ${dim('npx mayfly local put-events FILE…')}
  results  ${ready.results}
  logs     ${join(data, 'logs')}
${ready.namedSecrets.map((file) => `  secret   ${file}\n`).join('')}`;
}

import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DATA, READY_FILE, type Ready, type ReadyFile } from '../../lib/cli/local-mayfly.ts';
import { colours, note, say, sayJson, ticking } from '../../lib/cli/print.ts';
import { flagfile } from '../../lib/stack/flagfile.ts';
import { type LocalMayfly, type LocalOptions, startLocal } from '../local-aws/index.ts';
import { replaceFile } from '../local-aws/replace-file.ts';
import { runDemo } from './demo.ts';
import { noticeText } from './notice-text.ts';
import { SERVICE_CONTEXT, synthesizeIfChanged } from './synthesize.ts';

interface LocalFlags {
  readonly front: 'serverless' | 'service';
  readonly port: number;
  readonly data: string;
  readonly demo: boolean;
  readonly forever: boolean;
  readonly json: boolean;
}

/** Runs Mayfly on this machine, and the demo unless the flags say otherwise, until it ends or is interrupted. */
export async function runLocal(flags: LocalFlags): Promise<void> {
  process.umask(0o077); // every file written from here on is private
  const isHeld = flags.front === 'service';
  const data = resolve(flags.data);
  const stop = new AbortController();
  const hurry = new AbortController();
  const interrupt = (): void => (stop.signal.aborted ? hurry : stop).abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const assembly = (): Promise<string> => assemblyIn(data, flags, stop.signal);
  // Loaded only for the demo, because the simulated hosts load SQLite.
  const world = flags.demo ? new (await import('./world.ts')).World(stop.signal, Date.now()) : undefined;
  const mayfly = await started({
    assembly,
    data,
    port: flags.port,
    world: world?.aws,
    onEvent: (notice) => {
      if (flags.json) sayJson({ notice });
      else if (!world) say(colours().yellow(noticeText(notice, join(data, 'logs'))));
    },
  });
  try {
    const ready = await readyFor(mayfly, data, intervalOf(isHeld));
    const { credentials } = mayfly;
    await replaceFile(join(data, READY_FILE), JSON.stringify({ ...ready, credentials } satisfies ReadyFile));
    if (flags.json) sayJson({ ready });
    else say(greeting(ready, data, isHeld));
    if (world)
      await runDemo({
        world,
        mayfly,
        forever: flags.forever,
        json: flags.json ? sayJson : undefined,
        flags: flags.data === DATA ? '' : ` --data ${flags.data}`,
        intervalSeconds: intervalOf(isHeld),
        isHeld,
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

/** The seconds between polls in the agents' flagfile. */
const intervalOf = (isHeld: boolean): number => (isHeld ? 1 : 10);

/** The synthesized app of the data folder; says on standard error whether it is new. */
async function assemblyIn(data: string, { json, front }: LocalFlags, signal: AbortSignal): Promise<string> {
  const context = front === 'service' ? SERVICE_CONTEXT : {};
  const done = json ? () => undefined : ticking((took) => `Synthesizing the CDK app … ${took} s`);
  const { folder, digest, isReused } = await synthesizeIfChanged(data, { signal, context }).finally(done);
  const what = isReused ? 'Nothing changed since the last synthesis' : 'Synthesized the CDK app';
  if (!json) note(`${what} (sources ${digest.slice(0, 8)}).`);
  return folder;
}

/** Writes the agents' flagfile. @returns the addresses and files of a running Mayfly */
async function readyFor(mayfly: LocalMayfly, data: string, intervalSeconds: number): Promise<Ready> {
  const { url, certificate, enrollSecret, namedSecrets, events, results, dynamodb, tableName } = mayfly;
  const flagsFile = join(data, 'osquery.flags');
  const agent = { hostname: new URL(url).host, pathPrefix: '', enrollSecret, certificate, intervalSeconds };
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
    bus: Object.entries(mayfly.outputs).find(([name]) => name.endsWith('BusName'))?.[1] ?? 'default',
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

function greeting(ready: Ready, data: string, isHeld: boolean): string {
  const { bold, dim } = colours();
  return `${bold('Mayfly runs.')}
  agents   ${ready.url}   ${dim(`osqueryd --flagfile ${ready.flagfile} --specified_identifier=$(hostname)`)}
  front    ${isHeld ? 'holds empty reads, and answers them when work arrives' : 'answers each poll at once'}
  events   ${ready.events}   ${dim('npx mayfly local put-events FILE…')}
  results  ${ready.results}
  logs     ${join(data, 'logs')}
${ready.namedSecrets.map((file) => `  secret   ${file}\n`).join('')}`;
}

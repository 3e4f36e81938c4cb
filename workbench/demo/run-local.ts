import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pasted, quoted } from '../../lib/cli/deployment/deployment-flags.ts';
import { READY_FILE, type Ready, type ReadyFile } from '../../lib/cli/deployment/local-mayfly.ts';
import { withParts } from '../../lib/cli/deployment/parts.ts';
import { CommandError } from '../../lib/cli/errors/command-error.ts';
import { hasCode } from '../../lib/cli/errors/exit.ts';
import { LOGS_NEED, openLogs } from '../../lib/cli/logs/log-source.ts';
import { eventsOf, type Moment } from '../../lib/cli/logs/moments.ts';
import { follow, sayMoment } from '../../lib/cli/logs/tail.ts';
import { colours, note, say, sayJson, ticking } from '../../lib/cli/terminal/print.ts';
import { USAGE_FILE } from '../../lib/cost/counted-run.ts';
import { flagfile } from '../../lib/stack/hosts/flagfile.ts';
import { addressesOf, inUrl, type LocalMayfly, type LocalOptions, startLocal } from '../local-aws/index.ts';
import { replaceFile } from '../local-aws/machine/replace-file.ts';
import { countedRun, usageText } from './counted-run.ts';
import { runDemo } from './demo.ts';
import { LogTally, type Reported } from './log-tally.ts';
import { noticeText } from './notice-text.ts';
import { SERVICE_CONTEXT, synthesizeIfChanged } from './synthesize.ts';

interface LocalFlags {
  readonly front: 'serverless' | 'service';
  readonly port: number;
  readonly listen: string;
  readonly quiet: boolean;
  readonly data: string;
  readonly demo: boolean;
  readonly forever: boolean;
  readonly console: boolean;
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
  const tally = new LogTally();
  const mayfly = await started({
    assembly,
    onLine: (line) => tally.add(line),
    data,
    port: flags.port,
    listen: flags.listen,
    world: world?.aws,
    onEvent: (notice) => {
      if (flags.json) sayJson({ notice });
      else if (!world && !stop.signal.aborted) say(colours().yellow(noticeText(notice, join(data, 'logs'))));
    },
  });
  let page: Page | undefined;
  try {
    const ready = await readyFor(mayfly, data, intervalOf(isHeld));
    const remotes = await remoteFlagfile(mayfly, data, { listen: flags.listen, intervalSeconds: intervalOf(isHeld) });
    const { credentials, stack } = mayfly;
    const file: ReadyFile = { ...ready, credentials, stack, front: frontOf(isHeld) };
    await replaceFile(join(data, READY_FILE), JSON.stringify(file));
    page = flags.console ? await pageOf(flags.data) : undefined;
    if (flags.json) sayJson({ ready, console: page?.link() });
    else {
      say(greeting(ready, flags, { isHeld, link: page?.link() }));
      if (remotes.length > 0) say(remoteGreeting(ready, data, remotes));
    }
    const over = new AbortController();
    const printed = world && flags.json ? printMoments(flags, over.signal) : undefined;
    printed?.catch(() => undefined); // it fails when it is awaited, after the demo: until then Node would end the process at once
    if (world)
      await runDemo({
        world,
        mayfly,
        forever: flags.forever,
        json: flags.json ? sayJson : undefined,
        flags: pasted(flags),
        intervalSeconds: intervalOf(isHeld),
        isHeld,
        signal: stop.signal,
        hurry: hurry.signal,
      }).finally(() => over.abort());
    else await printMoments(flags, stop.signal);
    await printed;
    if (page && world) await linger(flags, stop.signal);
    await keepUsage(mayfly, tally.counted(), data, flags);
  } finally {
    await page?.close();
    await mayfly.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

type Page = Awaited<ReturnType<typeof pageOf>>;

/** The web console of the Mayfly that runs in the data folder. Loaded only if it is wanted. */
async function pageOf(data: string) {
  const { openConsole } = await import('../../lib/cli/console/console.ts');
  return openConsole({ data, port: 0, since: Date.now() - SHOWN_MS });
}

/** Keeps Mayfly and its console running after the demo. */
async function linger({ json }: LocalFlags, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  if (!json) say('\nThe console is open until Ctrl-C.');
  await once(signal, 'abort');
}

/** Prints what happens until the signal, as `mayfly tail` does. */
async function printMoments({ data, quiet, json }: Pick<LocalFlags, 'data' | 'quiet' | 'json'>, signal: AbortSignal) {
  if (quiet) {
    if (!signal.aborted) await once(signal, 'abort');
    return;
  }
  const source = await withParts({ data }, LOGS_NEED, (parts) =>
    openLogs(parts, { sinceMs: Date.now(), events: eventsOf(undefined) }),
  );
  const print = json ? (moment: Moment) => sayJson({ moment }) : sayMoment;
  try {
    await follow(source, { follow: true, print }, signal);
    await follow(source, { follow: false, print }, signal); // what happened since the last look
  } finally {
    source.close();
  }
}

/** Keeps what the run used in the data folder, and prints it. */
async function keepUsage(
  { usage }: LocalMayfly,
  reported: Reported,
  data: string,
  flags: Pick<LocalFlags, 'data' | 'json'>,
): Promise<void> {
  if (!usage) return;
  const run = countedRun(usage(), reported);
  await replaceFile(join(data, USAGE_FILE), JSON.stringify(run));
  if (flags.json) sayJson({ usage: run });
  else say(usageText(run, flags.data));
}

/** The console shows the workloads of a day. */
const SHOWN_MS = 24 * 3_600_000;

/** The seconds between polls in the agents' flagfile. */
const intervalOf = (isHeld: boolean): number => (isHeld ? 1 : 10);
const frontOf = (isHeld: boolean) => ({ heldEverySeconds: isHeld ? intervalOf(isHeld) : undefined });

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

/**
 * Writes the flagfile for hosts elsewhere, such as VMs and containers. They get copies of the certificate and the secret.
 *
 * @returns the addresses that they can use; none if only this machine reaches Mayfly
 */
async function remoteFlagfile(
  { url }: LocalMayfly,
  data: string,
  { listen, intervalSeconds }: { readonly listen: string; readonly intervalSeconds: number },
): Promise<string[]> {
  const { port } = new URL(url);
  const addresses = addressesOf(listen).map((address) => `${inUrl(address)}:${port}`);
  const [hostname] = addresses;
  if (hostname === undefined) return [];
  const text = flagfile({ hostname, pathPrefix: '', certificate: '/etc/osquery/mayfly.pem', intervalSeconds });
  await writeFile(join(data, REMOTE_FLAGS), `${text}\n`, { mode: 0o600 });
  return addresses;
}

const REMOTE_FLAGS = 'osquery-remote.flags';

function remoteGreeting({ certificate, enrollSecret }: Ready, data: string, addresses: readonly string[]): string {
  return `Hosts elsewhere reach it at ${addresses.join(' and ')}. Copy to each:
  ${join(data, REMOTE_FLAGS)}  as /etc/osquery/osquery.flags
  ${certificate}  as /etc/osquery/mayfly.pem
  ${enrollSecret}  as /etc/osquery/enroll_secret, mode 0600
Every host with that secret can enroll. Events, the table and all commands are still open to this machine only.
`;
}

/** Starts the runner. Rewords errors that other flags would fix. */
async function started(options: LocalOptions): Promise<LocalMayfly> {
  try {
    return await startLocal(options);
  } catch (cause) {
    if (hasCode(cause, 'EADDRNOTAVAIL')) {
      throw new CommandError('REFUSED', `${options.listen} is no address of this machine`, {
        next: 'list them with "ip address", or use 0.0.0.0',
        cause,
      });
    }
    if (!hasCode(cause, 'EADDRINUSE')) throw cause;
    throw new CommandError('REFUSED', `port ${options.port} is taken`, {
      next: 'choose another with --port, or any free one with --port 0',
      cause,
    });
  }
}

interface Greeted {
  readonly isHeld: boolean;
  /** The link to its console, if that is served. */
  readonly link?: string;
}

function greeting(ready: Ready, { data: chosen }: LocalFlags, { isHeld, link }: Greeted): string {
  const data = resolve(chosen);
  const flags = pasted({ data: chosen });
  const { bold, dim } = colours();
  const page = link
    ? `${bold(link)}\n           ${dim(`open it in a browser; it works once: npx mayfly console${flags} prints another`)}`
    : `${bold(`npx mayfly console${flags}`)}   ${dim('in another terminal: watch it in a browser')}`;
  return `${bold('Mayfly runs.')}
  agents   ${ready.url}   ${dim(`osqueryd --flagfile ${quoted(ready.flagfile)} --specified_identifier=$(hostname)`)}
  front    ${isHeld ? 'holds empty reads, and answers them when work arrives' : 'answers each poll at once'}
  events   ${ready.events}   ${dim(`npx mayfly local put-events${flags} FILE…`)}
  console  ${page}
  results  ${ready.results}
  logs     ${join(data, 'logs')}
${ready.namedSecrets.map((file) => `  secret   ${file}\n`).join('')}`;
}

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import packageJson from '../../../package.json' with { type: 'json' };
import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { CAMPAIGN_EVENT } from '../../core/campaigns/campaign-event.ts';
import { type BusFlags, putEvent } from '../bus.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { explained } from '../explained.ts';
import { colours, say } from '../print.ts';
import { askerOf } from '../query/asker.ts';
import { searchRows } from '../rows/search-rows.ts';
import { answersOf } from './answers.ts';
import { type Answer, serveConsole } from './server.ts';

/** A local table costs nothing to read; in AWS a look costs about a cent an hour of an open page. */
const LOCAL_EVERY_MS = 1000;
const AWS_EVERY_MS = 2000;

interface ConsoleFlags extends BusFlags {
  readonly since: number;
  readonly port: number;
}

/** Serves the console until Ctrl-C. */
export async function console(flags: ConsoleFlags): Promise<void> {
  const { deployment, close } = await openDeployment(flags);
  try {
    const answer = explaining(answersFor(deployment, flags), deployment, flags);
    const server = await serveConsole({ page: join(import.meta.dirname, 'console'), answer, port: flags.port });
    const offer = () => say(`  ${colours().bold(server.link())}`);
    say(`The console of ${deployment.name}. Open this link; it works once, and on this computer only:`);
    offer();
    if (process.stdin.isTTY) say('Press Enter for another link, Ctrl-C to end.');
    const lines = process.stdin.isTTY ? createInterface({ input: process.stdin }).on('line', offer) : undefined;
    await ended();
    lines?.close();
    await server.close();
  } finally {
    await close();
  }
}

function answersFor(deployment: Deployment, flags: ConsoleFlags): Answer {
  const isLocal = !flags.stack && !flags.table;
  let asker: Promise<string> | undefined;
  return answersOf({
    deployment,
    version: packageJson.version,
    sinceMs: flags.since,
    everyMs: isLocal ? LOCAL_EVERY_MS : AWS_EVERY_MS,
    rows: (search) => searchRows(flags, search),
    areRowsDear: !isLocal,
    put: async (detail) => void (await putEvent(flags, CAMPAIGN_EVENT, detail)),
    asker: () => {
      asker ??= askerOf(flags);
      return asker;
    },
    builtIn: async () => builtIn.policy,
    now: Date.now,
  });
}

/** Adds the next step to what the API says about a failure. */
const explaining =
  (answer: Answer, { name }: Deployment, flags: ConsoleFlags): Answer =>
  async (...asked) => {
    try {
      return await answer(...asked);
    } catch (error) {
      throw explained(error, name, flags);
    }
  };

const ended = (): Promise<void> =>
  new Promise((done) => {
    process.once('SIGINT', () => done()).once('SIGTERM', () => done());
  });

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import packageJson from '../../../package.json' with { type: 'json' };
import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { CAMPAIGN_EVENT } from '../../core/campaigns/campaign-event.ts';
import { type BusFlags, putEvent } from '../deployment/bus.ts';
import { type Deployment, openDeployment } from '../deployment/deployment.ts';
import { explained } from '../deployment/explained.ts';
import { CommandError } from '../errors/command-error.ts';
import { askerOf } from '../query/asker.ts';
import { searchRows } from '../rows/search-rows.ts';
import { colours, note, prose, say } from '../terminal/print.ts';
import { answersOf } from './answers.ts';
import { type AnswerPath, serveConsole } from './server.ts';

/** How often to read a local table, ms, which costs nothing. In AWS, reads cost about a cent for each hour that a page is open. */
const LOCAL_EVERY_MS = 1000;
const AWS_EVERY_MS = 2000;

interface ConsoleFlags extends BusFlags {
  readonly since: number;
  readonly port: number;
}

/** A console that is served. */
interface OpenConsole {
  /** The name of its Mayfly in messages. */
  readonly name: string;
  /** An address that works once, to open in a browser. */
  link(): string;
  close(): Promise<void>;
}

/** Serves the console until Ctrl-C. */
export async function console(flags: ConsoleFlags): Promise<void> {
  const opened = await openConsole(flags);
  try {
    const offer = () => say(`  ${colours().bold(opened.link())}`);
    say(prose(`The console of ${opened.name}. Open this link; it works once, and on this computer only:`));
    offer();
    if (process.stdin.isTTY) say('Press Enter for another link, Ctrl-C to end.');
    const lines = process.stdin.isTTY ? createInterface({ input: process.stdin }).on('line', offer) : undefined;
    await ended();
    lines?.close();
  } finally {
    await opened.close();
  }
}

/** Serves the console of the Mayfly that the flags name. */
export async function openConsole(flags: ConsoleFlags): Promise<OpenConsole> {
  const { deployment, close } = await openDeployment(flags, 'copy');
  try {
    const answer = explaining(answersFor(deployment, flags), deployment, flags);
    const server = await serveConsole({ page: join(import.meta.dirname, 'console'), answer, port: flags.port });
    return {
      name: deployment.name,
      link: server.link,
      close: async () => {
        await server.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function answersFor(deployment: Deployment, flags: ConsoleFlags): AnswerPath {
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

/** Adds the next step to what the API says about a failure, and prints when its Mayfly ends and when it runs again. */
function explaining(answer: AnswerPath, { name }: Deployment, flags: ConsoleFlags): AnswerPath {
  let isLost = false;
  return async (...asked) => {
    try {
      const found = await answer(...asked);
      if (isLost) note(`${name} runs again.`);
      isLost = false;
      return found;
    } catch (cause) {
      const error = explained(cause, name, flags);
      const isNews = !isLost && error instanceof CommandError && error.code === 'NOT_RUNNING';
      if (isNews) note(`${error.message}: the console waits for it.`);
      isLost ||= isNews;
      throw error;
    }
  };
}

const ended = (): Promise<void> =>
  new Promise((done) => {
    process.once('SIGINT', () => done()).once('SIGTERM', () => done());
  });

import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { count, printable } from '../../lib/cli/print.ts';

const Line = z.looseObject({ message: z.string(), timestamp: z.iso.datetime() });

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** What a line of a function's log tells an operator; undefined for all that is not worth a line. */
const STORIES: Readonly<Record<string, (fields: Readonly<Record<string, unknown>>) => string | undefined>> = {
  node_enrolled: ({ host, hostname }) => `enrolled   ${text(host)} ${text(hostname) && `(${text(hostname)})`}`,
  enroll_refused: ({ hostIdentifier }) => `refused    ${text(hostIdentifier)}: its enroll secret is wrong`,
  enroll_unproven: ({ hostIdentifier, why }) => `refused    ${text(hostIdentifier)}: ${text(why)}`,
  ended_host_refused: ({ hostIdentifier }) => `refused    ${text(hostIdentifier)}: its instance was terminated`,
  host_identifier_shared: ({ hostIdentifier, host }) =>
    `enrolled   ${text(host)}: a second agent under ${text(hostIdentifier)}`,
  event_handled: ({ kind, outcome }) => (kind === 'ignored' ? undefined : `event      ${text(kind)}: ${text(outcome)}`),
  event_malformed: ({ why }) => `event      malformed: ${text(why)}`,
  queries_delivered: ({ host, wireIds }) => {
    const ids = Array.isArray(wireIds) ? wireIds.length : 0;
    return `asked      ${text(host)}: ${count(ids, 'query', 'queries')}`;
  },
  answers_stored: ({ host, answers }) => `answered   ${text(host)}: ${count(number(answers), 'answer')}`,
  query_unanswered: ({ host, query }) => `given up   ${text(host)}: no answer to ${text(query)}`,
  agent_was_silent: ({ host, query }) => `given up   ${text(host)} fell silent, asked ${text(query)}`,
};

/** One line of the terminal about a line of a function's log; undefined if there is nothing to tell. */
export function toldLine(line: string): string | undefined {
  const parsed = parse(line);
  const story = parsed && Object.hasOwn(STORIES, parsed.message) ? STORIES[parsed.message]?.(parsed) : undefined;
  return story === undefined ? undefined : printable(`${parsed?.timestamp.slice(11, 19)}Z  ${story}`);
}

function parse(line: string): z.infer<typeof Line> | undefined {
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // functions may also write other text
  }
}

const MAX_READ_BYTES = 1_048_576;

/** The lines that are added to the logs of a folder. */
export class LogFollower {
  private readonly offsets = new Map<string, number>();

  constructor(private readonly folder: string) {}

  /** Skips what is there already. */
  async skip(): Promise<void> {
    await this.added();
  }

  /** The whole lines that were added since the last call, in the order of their files. */
  async added(): Promise<string[]> {
    const files = await readdir(this.folder).catch(() => []);
    const all: string[] = [];
    for (const file of files.filter((name) => name.endsWith('.log')).sort()) all.push(...(await this.addedTo(file)));
    return all;
  }

  private async addedTo(file: string): Promise<string[]> {
    const handle = await open(join(this.folder, file));
    try {
      const { size } = await handle.stat();
      // After a burst only its end is read, and after a truncation the file's beginning.
      const from = Math.max(Math.min(this.offsets.get(file) ?? 0, size), size - MAX_READ_BYTES);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
      const added = buffer.toString('utf8', 0, bytesRead);
      const end = added.lastIndexOf('\n') + 1;
      this.offsets.set(file, from + Buffer.byteLength(added.slice(0, end)));
      return added.slice(0, end).split('\n').filter(Boolean);
    } finally {
      await handle.close();
    }
  }
}

import { join } from 'node:path';
import { readyIn } from '../../lib/cli/deployment/local-mayfly.ts';
import { count, note, printable, say, sayJson } from '../../lib/cli/terminal/print.ts';
import { putEvents } from './put-events.ts';

interface PutEventsFlags {
  readonly endpoint?: string;
  readonly data: string;
  readonly now: boolean;
  readonly json: boolean;
}

/** Puts the events of files on the local bus, and names those that no rule of the stack matches. */
export async function putEventsCommand(files: string[], flags: PutEventsFlags): Promise<void> {
  const ready = await readyIn(flags.data);
  const bus = { endpoint: flags.endpoint ?? ready.events, credentials: ready.credentials };
  const { accepted, unmatched } = await putEvents(files, bus, flags.now ? Date.now() : undefined);
  if (flags.json) return sayJson({ accepted, unmatched });
  say(`${count(accepted, 'event')} accepted`);
  for (const title of unmatched) say(`no rule of the stack matches ${printable(title)}: nothing comes of it`);
  if (accepted > unmatched.length && !flags.endpoint)
    note(`What the functions make of it is logged in ${join(flags.data, 'logs')}`);
}

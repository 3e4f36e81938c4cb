import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CommandError } from '../errors/command-error.ts';
import { hasCode } from '../errors/exit.ts';
import { printable } from '../terminal/print.ts';

const RECORDING = 'name a folder of JSON files, one event or an array each';

/** One recorded event, and the name of its file. */
export interface RecordedEvent {
  readonly file: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** The events of JSON files, one or an array in each file, in the given order. @throws naming the file without one */
export async function readEvents(files: readonly string[]): Promise<RecordedEvent[]> {
  return (await Promise.all(files.map(eventsOf))).flat();
}

/** The events of a folder's `.json` files, in the order of their names. @throws when there are none */
export async function readRecording(dir: string): Promise<RecordedEvent[]> {
  const names = await readdir(dir).catch((cause) => {
    throw new CommandError('NOT_FOUND', `no recording in ${dir}`, { next: RECORDING, cause });
  });
  const files = names.filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) throw new CommandError('NOT_FOUND', `${dir} holds no .json file`, { next: RECORDING });
  return readEvents(files.map((name) => join(dir, name)));
}

async function eventsOf(file: string): Promise<RecordedEvent[]> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    if (hasCode(cause, 'ENOENT')) throw new CommandError('NOT_FOUND', `there is no file ${file}`, { cause });
    if (hasCode(cause, 'EISDIR'))
      throw new CommandError('REFUSED', `${file} is a folder`, { next: 'name the JSON files in it', cause });
    throw cause;
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const why = printable(cause instanceof Error ? cause.message : String(cause)); // it quotes lines of the file
    throw new CommandError('REFUSED', `${file}: not JSON: ${why}`, { cause });
  }
  return [json].flat().map((event) => {
    if (typeof event !== 'object' || event === null) {
      throw new CommandError('REFUSED', `${file}: not an event`, {
        next: 'put one JSON object, or an array of them, in a file',
      });
    }
    return { file: basename(file), event: event as RecordedEvent['event'] };
  });
}

/** `aws.ecs · ECS Task State Change` */
export const titleOf = ({ event }: RecordedEvent): string =>
  [event.source, event['detail-type']].map((part) => (typeof part === 'string' ? part : '?')).join(' · ');

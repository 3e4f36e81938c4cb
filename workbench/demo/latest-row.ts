import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { printable } from '../../lib/cli/terminal/print.ts';

const Line = z.object({ query: z.string(), host: z.string(), columns: z.record(z.string(), z.unknown()) });
type Line = z.infer<typeof Line>;

/** The columns that tell the most, in this order. */
const SHOWN = ['image', 'state', 'pid', 'command', 'status', 'name'] as const;
/** The end of the file that is read: some hundred rows. */
const TAIL_BYTES = 131_072;

/**
 * The latest stored row about a container, as one line.
 *
 * @param results the folder of the results
 * @returns undefined before the first
 */
export async function latestRow(results: string): Promise<string | undefined> {
  const folder = join(results, 'results');
  const files = await readdir(folder).catch(() => []);
  const latest = files
    .filter((file) => file.endsWith('.ndjson'))
    .sort()
    .at(-1);
  if (latest === undefined) return undefined;
  const lines = (await tailOf(join(folder, latest))).split('\n').slice(1).reverse();
  for (const line of lines) {
    const row = parsed(line);
    if (row && 'image' in row.columns && 'state' in row.columns) return textOf(row);
  }
  return undefined;
}

function textOf({ host, columns }: Line): string {
  const cells = SHOWN.flatMap((name) => {
    const value = columns[name];
    return typeof value === 'string' && value !== '' ? [`${name}=${value.replace(/^.*\/(?=[^/]+$)/, '')}`] : [];
  });
  return printable(`${host.slice(-6)}: ${cells.join(' ')}`);
}

function parsed(line: string): Line | undefined {
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // the last line may be half written
  }
}

async function tailOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    return from === 0 ? `\n${text}` : text; // the first line may be half read
  } finally {
    await handle.close();
  }
}

import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { hasCode } from '../errors/exit.ts';
import { type LogLine, type LogSource, type LogWish, readLogLine } from './log-line.ts';

const CHUNK_BYTES = 1024 * 1024;

/** How far a file has been read. */
interface Place {
  readonly file: string;
  bytes: number;
  /** The start of a line that is not complete yet. */
  rest: string;
  readonly decoder: StringDecoder;
}

/** Logs in files, which functions on this machine append to. */
export class LocalLogs implements LogSource {
  readonly everyMs = 500;
  readonly #wish: LogWish;
  readonly #places: readonly Place[];

  constructor(files: readonly string[], wish: LogWish) {
    this.#wish = wish;
    this.#places = files.map((file) => ({ file, bytes: 0, rest: '', decoder: new StringDecoder('utf8') }));
  }

  async next(): Promise<readonly LogLine[]> {
    const { sinceMs, events } = this.#wish;
    const wanted = new Set(events);
    const found: LogLine[] = [];
    for (const place of this.#places)
      for await (const text of linesFrom(place)) {
        const line = readLogLine(text);
        if (line && line.atMs >= sinceMs && wanted.has(line.event)) found.push(line);
      }
    return found.sort((a, b) => a.atMs - b.atMs);
  }

  close(): void {}
}

/** The complete lines that were appended since the last call. */
async function* linesFrom(place: Place): AsyncGenerator<string> {
  const handle = await open(place.file).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined; // its function has not run yet
    throw error;
  });
  if (!handle) return;
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, place.bytes);
      if (bytesRead === 0) return;
      place.bytes += bytesRead;
      const lines = (place.rest + place.decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      place.rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    await handle.close();
  }
}

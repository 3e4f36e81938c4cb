import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { hasCode } from '../errors/exit.ts';
import { type LogLine, type LogSource, type LogWish, readLogLine } from './log-line.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A log file, and how far it has been read. */
interface LogFile {
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
  readonly #files: readonly LogFile[];

  constructor(files: readonly string[], wish: LogWish) {
    this.#wish = wish;
    this.#files = files.map((file) => ({ file, bytes: 0, rest: '', decoder: new StringDecoder('utf8') }));
  }

  async next(): Promise<readonly LogLine[]> {
    const { sinceMs, events } = this.#wish;
    const wanted = new Set(events);
    const found: LogLine[] = [];
    for (const log of this.#files)
      for await (const text of linesFrom(log)) {
        const line = readLogLine(text);
        if (line && line.atMs >= sinceMs && wanted.has(line.event)) found.push(line);
      }
    return found.sort((a, b) => a.atMs - b.atMs);
  }

  close(): void {}
}

/** The complete lines that were appended since the last call. */
async function* linesFrom(log: LogFile): AsyncGenerator<string> {
  const handle = await open(log.file).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined; // its function has not run yet
    throw error;
  });
  if (!handle) return;
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, log.bytes);
      if (bytesRead === 0) return;
      log.bytes += bytesRead;
      const lines = (log.rest + log.decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      log.rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    await handle.close();
  }
}

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { LocalError } from './local-error.ts';
import type { Notify } from './notice.ts';

interface Write {
  readonly bytes: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An append-only file of lines. Acknowledged lines survive `kill -9` and a power cut, because an append resolves after
 * `fdatasync`. Appends that arrive during a sync share the next one (group commit).
 */
export class DurableLog {
  private waiting: Write[] = [];
  private flushing: Promise<void> | undefined;

  private constructor(
    readonly file: string,
    private readonly handle: FileHandle,
    private sizeBytes: number,
  ) {}

  /** Opens or creates the file and repairs an unfinished last line left by a crash. */
  static async open(file: string, notify: Notify): Promise<DurableLog> {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, 'a+', 0o600);
    try {
      const sizeBytes = await repairTail(handle, file, notify);
      await syncFolder(path.dirname(file)); // a new file is durable only after its folder is synced
      return new DurableLog(file, handle, sizeBytes);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.sizeBytes;
  }

  /** Resolves once `bytes` (whole lines) are on disk. On failure none of them is stored. */
  append(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ bytes, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  /** Empties the file if no write is in progress; otherwise leaves it unchanged. */
  async clear(): Promise<void> {
    if (this.flushing) return;
    this.flushing = this.truncate().then(() => this.flush()); // also writes what arrives during the truncation
    await this.flushing;
  }

  /** Flushes pending appends and closes the file. */
  async close(): Promise<void> {
    while (this.flushing) await this.flushing;
    await this.handle.close();
  }

  private async truncate(): Promise<void> {
    await this.handle.truncate(0);
    this.sizeBytes = 0;
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        const bytes = Buffer.concat(batch.map((write) => write.bytes));
        await this.handle.appendFile(bytes);
        await this.handle.datasync();
        this.sizeBytes += bytes.length;
        for (const write of batch) write.resolve();
      } catch (cause) {
        // A full disk may have stored part of the batch. Remove it, because every append of the batch is rejected.
        await this.handle.truncate(this.sizeBytes).catch(() => undefined);
        for (const write of batch) write.reject(new LocalError(`cannot write ${this.file}`, { cause }));
      }
    }
    this.flushing = undefined; // synchronously after the check above, so that no append can come in between
  }
}

/** Syncs a folder's entries to disk, as `fsync` does for a file's content. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Repairs a last line that a crash cut off: completes it if only its newline is missing, otherwise removes it. */
async function repairTail(handle: FileHandle, file: string, notify: Notify): Promise<number> {
  const { size } = await handle.stat();
  const tail = await readTail(handle, size);
  if (tail.length === 0) return size;
  if (isJson(tail)) {
    await handle.appendFile('\n');
    return size + 1;
  }
  await handle.truncate(size - tail.length);
  notify({ kind: 'torn-tail', file, bytes: tail.length });
  return size - tail.length;
}

/** Returns the bytes after the last newline. Reads backwards in steps of 64 KiB. */
async function readTail(handle: FileHandle, size: number): Promise<Buffer> {
  let tail = Buffer.alloc(0);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - 65_536);
    const block = Buffer.alloc(end - start);
    await handle.read(block, 0, block.length, start);
    tail = Buffer.concat([block, tail]);
    const newline = tail.lastIndexOf(0x0a);
    if (newline !== -1) return tail.subarray(newline + 1);
    end = start;
  }
  return tail;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

import { gunzipSync } from 'node:zlib';
import { MayflyError } from '../errors.ts';

/** Ten times what the front lets through: room for honest logs, too little for a bomb. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/**
 * A request body as JSON. Gzip is recognised by its magic, since a proxy may drop the header; bytes that are not
 * UTF-8 become replacement characters, because distributed rows are sent raw (osquery-protocol.md §2.6).
 *
 * @throws {MayflyError} `BODY_UNREADABLE` or `BODY_TOO_LARGE`
 */
export function parseBody(bytes: Buffer): unknown {
  const text = inflated(bytes).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MayflyError('BODY_UNREADABLE', `the body is not JSON (${bytes.length} bytes)`, { cause });
  }
}

function inflated(bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (cause) {
    const large = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw large
      ? new MayflyError('BODY_TOO_LARGE', `the gzip body grows beyond ${MAX_INFLATED_BYTES} bytes`, { cause })
      : new MayflyError('BODY_UNREADABLE', 'the body starts like gzip and is not', { cause });
  }
}

/** Deeper than anything osquery sends (a batch of differential rows has six), shallow enough for any reader. */
const MAX_DEPTH = 64;

/** Whether a document is nested so deeply that to write it as JSON again could exhaust the stack. */
export function tooDeep(value: unknown, levels = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => tooDeep(member, levels - 1));
}

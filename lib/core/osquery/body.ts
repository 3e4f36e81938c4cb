import { gunzipSync } from 'node:zlib';
import { MayflyError } from '../errors.ts';
import { parseJson } from '../text.ts';

/** Several times what the front lets through: room for honest logs, too little for a bomb. */
const MAX_INFLATED_BYTES = 32 * 1024 * 1024;

/**
 * A request body as JSON. Gzip is recognised by its magic, since a proxy may drop the header; bytes that are not
 * UTF-8 become replacement characters, because distributed rows are sent raw (docs/spec/osquery-protocol.md §2.6).
 *
 * @throws {MayflyError} `BODY_UNREADABLE` or `BODY_TOO_LARGE`
 */
export function parseBody(bytes: Buffer): unknown {
  const text = inflated(bytes).toString('utf8');
  try {
    return parseJson(text);
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

/**
 * A body as people may look at it later: inflated where it can be, and without the node keys that are in it, since a key
 * opens its node's queue.
 */
export function withoutKeys(bytes: Buffer): Buffer {
  let readable = bytes;
  try {
    readable = inflated(bytes);
  } catch {
    // What cannot be read holds no key that could be read.
  }
  // As Latin-1 every byte is one character, so that bytes which are no text stay what they are.
  return Buffer.from(readable.toString('latin1').replace(NODE_KEY, 'mf1.redacted'), 'latin1');
}

const NODE_KEY = /mf1\.[0-9a-z]{1,11}\.[A-Za-z0-9_-]{1,1400}\.[A-Za-z0-9_-]{43}/g;

/** Deeper than anything osquery sends (a batch of differential rows has six), shallow enough for any reader. */
const MAX_DEPTH = 64;

/** Whether a document is nested so deeply that to write it as JSON again could exhaust the stack. */
export function tooDeep(value: unknown, levels = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => tooDeep(member, levels - 1));
}

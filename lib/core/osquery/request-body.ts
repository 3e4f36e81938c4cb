import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { MayflyError } from '../errors.ts';
import { parseJson } from '../text.ts';
import { beyondBounds, type JsonBounds } from './json-bounds.ts';

/** The most that is read of a body. */
export interface BodyBounds extends JsonBounds {
  /** Bytes of a plain body. */
  readonly maxBytes: number;
  /** Bytes of an inflated gzip body; 0 if gzip is not accepted. */
  readonly maxInflatedBytes: number;
}

/** API Gateway's limit for a body. It also limits inflated data, so that gzip cannot carry more than a plain body. */
export const MAX_INFLATED_BYTES = 10 * 1024 * 1024;

/** How much of each end of a body is searched for a node key: many times the longest key. */
const WINDOW_BYTES = 48 * 1024;
/** How much of a gzip body is inflated to find a node key: its first bytes hold more than the longest key. */
const PACKED_WINDOW_BYTES = 3 * 1024;
/** How many candidate keys from each end are tried, because each costs a signature. */
const MAX_CLAIMS = 4;
const NODE_KEY_MEMBER = /"node_key"\s{0,8}:\s{0,8}"([^"\\]{0,1600})"/g;
/** A stored line holds less than this in base64, so longer bodies are marked as cut. */
const MAX_KEPT_BYTES = 720_000;

/** How bytes are written as text. API Gateway sends base64 or UTF-8. */
type BodyEncoding = 'base64' | 'utf8' | 'latin1';

/** The work that a body has caused so far; tests bound it for requests without a valid key. */
export interface BodyWork {
  decodedBytes: number;
  inflatedBytes: number;
  parsedBytes: number;
}

/**
 * The body of a request. It is decoded, inflated and parsed only as far as needed: most requests without a valid key are
 * refused after a look at both ends.
 */
export class RequestBody {
  readonly work: BodyWork = { decodedBytes: 0, inflatedBytes: 0, parsedBytes: 0 };
  /** As the front passes it on. */
  readonly text: string;
  readonly #encoding: BodyEncoding;
  #bytes: Buffer | undefined;

  /** @param text base64 has no line breaks */
  constructor(text: string, encoding: BodyEncoding) {
    this.text = text;
    this.#encoding = encoding;
  }

  /** Makes a body from bytes. In Latin-1 every byte is one character, which costs least. */
  static of(bytes: Buffer): RequestBody {
    return new RequestBody(bytes.toString('latin1'), 'latin1');
  }

  get bytes(): Buffer {
    this.#bytes ??= this.#decoded(0, this.text.length);
    return this.#bytes;
  }

  get size(): number {
    return this.#bytes?.length ?? Buffer.byteLength(this.text, this.#encoding);
  }

  /** Whether the body is gzip, by its magic number: a proxy may drop the header. */
  get isGzip(): boolean {
    const start = this.#bytes ?? this.#decoded(0, 4);
    return start[0] === 0x1f && start[1] === 0x8b;
  }

  /**
   * The `node_key` candidates near both ends, the likeliest first; possibly none. osquery writes the key as the last member,
   * but as the first one of a gzip log body (docs/spec/osquery-protocol.md §8). Only the parsed body shows which candidate is
   * the request's key.
   *
   * @param inflate whether to inflate the beginning of a gzip body
   */
  async claimedKeys(inflate: boolean): Promise<readonly string[]> {
    if (this.isGzip) return inflate ? keysIn(await this.#inflatedStart()).slice(0, MAX_CLAIMS) : [];
    const units = this.#encoding === 'base64' ? (WINDOW_BYTES / 3) * 4 : WINDOW_BYTES;
    const isShort = this.text.length <= 2 * units;
    const [start, end] = isShort
      ? [[], keysIn(this.bytes)]
      : [keysIn(this.#decoded(0, units)), keysIn(this.#decoded(this.text.length - units, this.text.length))];
    const all = [...start, ...end];
    return [...new Set([...all.slice(-MAX_CLAIMS).reverse(), ...all.slice(0, MAX_CLAIMS)])];
  }

  /**
   * The body as JSON. Bytes that are not UTF-8 become replacement characters, because distributed rows are sent raw
   * (docs/spec/osquery-protocol.md §2.6).
   *
   * @throws {MayflyError} `BODY_UNREADABLE` or `BODY_TOO_LARGE`
   */
  document(bounds: BodyBounds): unknown {
    const text = this.isGzip ? this.#inflated(bounds.maxInflatedBytes) : this.#plain(bounds.maxBytes);
    const problem = beyondBounds(text, bounds);
    if (problem) throw new MayflyError('BODY_TOO_LARGE', `the body is not parsed: ${problem}`);
    this.work.parsedBytes += text.length;
    try {
      return parseJson(text.toString('utf8'));
    } catch (cause) {
      throw new MayflyError('BODY_UNREADABLE', `the body is not JSON (${this.size} bytes)`, { cause });
    }
  }

  /**
   * The body for operators to inspect later: its beginning, inflated if possible, with node keys redacted, because a key gives
   * access to its node's queue.
   */
  async keepsake(): Promise<Buffer> {
    const readable = (await this.#readable()).subarray(0, MAX_KEPT_BYTES);
    // In Latin-1 every byte is one character, so bytes that are not text stay unchanged.
    return Buffer.from(readable.toString('latin1').replace(NODE_KEY, 'mf1.redacted'), 'latin1');
  }

  async #readable(): Promise<Buffer> {
    if (!this.isGzip) return this.bytes;
    try {
      return this.#inflated(MAX_INFLATED_BYTES);
    } catch (error) {
      const isLarge = error instanceof MayflyError && error.code === 'BODY_TOO_LARGE';
      return isLarge ? this.#inflatedStart() : this.bytes;
    }
  }

  #decoded(from: number, to: number): Buffer {
    // Base64 decodes in groups of four characters.
    const start = this.#encoding === 'base64' ? from - (from % 4) : from;
    const bytes = Buffer.from(this.text.slice(start, to), this.#encoding);
    this.work.decodedBytes += bytes.length;
    return bytes;
  }

  #plain(maxBytes: number): Buffer {
    if (this.size > maxBytes) throw new MayflyError('BODY_TOO_LARGE', `the body is larger than ${maxBytes} bytes`);
    return this.bytes;
  }

  #inflated(maxBytes: number): Buffer {
    if (maxBytes === 0) throw new MayflyError('BODY_UNREADABLE', 'gzip is accepted for logs only');
    try {
      const bytes = gunzipSync(this.bytes, { maxOutputLength: maxBytes });
      this.work.inflatedBytes += bytes.length;
      return bytes;
    } catch (cause) {
      const large = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      if (large) this.work.inflatedBytes += maxBytes;
      throw large
        ? new MayflyError('BODY_TOO_LARGE', `the gzip body grows beyond ${maxBytes} bytes`, { cause })
        : new MayflyError('BODY_UNREADABLE', 'the body starts like gzip but is not gzip', { cause });
    }
  }

  /** The first 48 KiB of an inflated gzip body; empty if it is not gzip. No more than that is inflated. */
  async #inflatedStart(): Promise<Buffer> {
    const gunzip = createGunzip({ chunkSize: WINDOW_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
    gunzip.end(this.#decoded(0, (PACKED_WINDOW_BYTES / 3) * 4));
    try {
      for await (const chunk of gunzip) {
        this.work.inflatedBytes += (chunk as Buffer).length;
        return chunk as Buffer; // ends the loop, and with it the stream
      }
    } catch {
      // A body that cannot be inflated has no readable key.
    }
    return Buffer.alloc(0);
  }
}

const NODE_KEY = /mf1\.[0-9a-z]{1,11}\.[A-Za-z0-9_-]{1,1400}\.[A-Za-z0-9_-]{43}/g;

const keysIn = (text: Buffer): string[] =>
  [...text.toString('latin1').matchAll(NODE_KEY_MEMBER)].map(([, key = '']) => key);

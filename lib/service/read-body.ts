import type { IncomingMessage } from 'node:http';
import type { Room } from '../core/front/room.ts';

/** A body, or why there is none. */
export type ReadBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** It was read to its end and thrown away. */
  | { readonly kind: 'too-large' }
  | { readonly kind: 'no-room' }
  /** The connection closed, or the body is so large that the rest is not waited for. */
  | { readonly kind: 'broken' };

interface Bounds {
  readonly maxBytes: number;
  readonly drainedBytes: number;
  readonly room: Room;
}

/**
 * Reads a body. One that is too large is read to its end and discarded: an agent reads the reply only after it has sent everything,
 * and takes an early end of the connection as a reason to send the same again.
 */
export function readBody(request: IncomingMessage, { maxBytes, drainedBytes, room }: Bounds): Promise<ReadBody> {
  let chunks: Buffer[] = [];
  let taken = 0;
  let total = 0;
  let problem: 'too-large' | 'no-room' | undefined;
  const drop = (): void => {
    room.give(taken);
    chunks = [];
    taken = 0;
  };
  // Listeners, because an asynchronous iterator takes more CPU, and nearly every body is one chunk.
  return new Promise((resolve) => {
    const done = (body: ReadBody): void => {
      request.off('data', take).off('end', end).off('error', fail).off('close', fail);
      drop();
      resolve(body);
    };
    const keep = (chunk: Buffer): void => {
      if (total > maxBytes) problem = 'too-large';
      else if (!room.tryTake(chunk.length)) problem = 'no-room';
      if (problem) drop();
      else {
        taken += chunk.length;
        chunks.push(chunk);
      }
    };
    const take = (chunk: Buffer): void => {
      total += chunk.length;
      if (total > drainedBytes) done({ kind: 'broken' });
      else if (!problem) keep(chunk);
    };
    const end = (): void => done(problem ? { kind: problem } : { kind: 'whole', bytes: joined(chunks) });
    const fail = (): void => done({ kind: 'broken' }); // its connection is closed, so no reply is needed
    request.on('data', take).on('end', end).on('error', fail).on('close', fail);
  });
}

const joined = (chunks: readonly Buffer[]): Buffer => (chunks.length === 1 && chunks[0]) || Buffer.concat(chunks);

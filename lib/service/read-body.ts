import type { IncomingMessage } from 'node:http';
import type { Room } from './room.ts';

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
export async function readBody(request: IncomingMessage, { maxBytes, drainedBytes, room }: Bounds): Promise<ReadBody> {
  let chunks: Buffer[] = [];
  let taken = 0;
  let total = 0;
  let problem: 'too-large' | 'no-room' | undefined;
  const drop = (): void => {
    room.give(taken);
    chunks = [];
    taken = 0;
  };
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (total > drainedBytes) return { kind: 'broken' };
      if (problem) continue;
      if (total > maxBytes) problem = 'too-large';
      else if (!room.tryTake(chunk.length)) problem = 'no-room';
      if (problem) drop();
      else {
        taken += chunk.length;
        chunks.push(chunk);
      }
    }
    return problem ? { kind: problem } : { kind: 'whole', bytes: Buffer.concat(chunks) };
  } catch {
    return { kind: 'broken' }; // its connection is closed, so no reply is needed
  } finally {
    drop();
  }
}

import { setTimeout as pause } from 'node:timers/promises';

/** What comes of some work, or nothing once so many ms have passed; the work goes on. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  const over = pause(ms, undefined, { signal: done.signal }).catch(() => undefined); // aborted: nobody waits any more
  try {
    return await Promise.race([work, over]);
  } finally {
    done.abort();
  }
}

import { setTimeout as pause } from 'node:timers/promises';

/**
 * The result of some work, or undefined after this many ms. The work itself continues.
 *
 * @example const answered = await within(5_000, answersOf(instance)); // undefined after 5 s
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  const over = pause(ms, undefined, { signal: done.signal }).catch(() => undefined); // aborted below
  try {
    return await Promise.race([work, over]);
  } finally {
    done.abort();
  }
}

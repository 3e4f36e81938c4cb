/** What `settle` waits for. */
export interface Settling {
  /** Returns the number of tasks without a verdict. */
  readonly pending: () => Promise<number>;
  /** Resolves when every queue is empty. */
  readonly idle: () => Promise<void>;
  readonly limitMs: number;
  /** Ends the wait immediately. */
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 500;

/** Waits until no verdict is pending and every queue is empty, or until the time limit. */
export async function settle({ pending, idle, limitMs, signal }: Settling): Promise<void> {
  const done = new AbortController();
  const over = AbortSignal.any([signal, done.signal]);
  const looked = async () => {
    while (!over.aborted && (await pending()) > 0) await pause(LOOK_EVERY_MS, over);
  };
  await Promise.race([Promise.all([idle(), looked()]), pause(limitMs, over)]);
  done.abort();
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

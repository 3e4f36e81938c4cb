import { setMaxListeners } from 'node:events';

/** Time as the simulation sees it: the machine's, or one a test moves by hand. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves `ms` milliseconds later. Rejects with {@link Stopped} as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What a wait ends with when the thing that waited was stopped or killed: nothing may run after it. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor() {
    super('stopped');
  }
}

/** What stops any number of waits: an AbortController without Node's warning about many listeners. */
export function stopper(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Throws {@link Stopped} once `signal` has aborted. */
export function assertRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Stopped();
}

/** Waits for `work`. That `signal` ended it is no failure; whatever else fails is a fault of the simulation. */
export async function unlessStopped(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Stopped && signal.aborted)) throw error;
  }
}

/** Node's longest timer, some 24.8 days; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export class RealClock implements Clock {
  now(): number {
    return Date.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    let left = ms;
    for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS) await timer(LONGEST_TIMER_MS, signal);
    await timer(left, signal);
  }
}

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Stopped());
    const stop = () => {
      clearTimeout(handle);
      reject(new Stopped());
    };
    const handle = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

interface Sleeper {
  readonly wakeAtMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still until {@link advance} moves it: an hour of agent life takes milliseconds.
 * Sleepers wake one at a time, by instant and then in the order they fell asleep, and everything a
 * sleeper sets off that needs no real I/O is finished before the next one wakes. So a run is the same
 * every time.
 */
export class VirtualClock implements Clock {
  private nowMs: number;
  private order = 0;
  private readonly sleepers = new Set<Sleeper>();

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new Stopped());
      const stop = () => {
        this.sleepers.delete(sleeper);
        reject(new Stopped());
      };
      const sleeper: Sleeper = {
        wakeAtMs: this.nowMs + Math.max(0, ms),
        order: this.order++,
        wake: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.sleepers.add(sleeper);
    });
  }

  /** Lets `ms` milliseconds pass. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await this.settle();
    for (;;) {
      const next = this.next(untilMs);
      if (!next) break;
      this.sleepers.delete(next);
      this.nowMs = next.wakeAtMs;
      next.wake();
      await this.settle();
    }
    this.nowMs = untilMs;
  }

  /** Lets everything that waits for nothing but other promises finish; time does not pass. */
  async settle(): Promise<void> {
    // Node empties the whole microtask queue before it runs an immediate.
    await new Promise((resolve) => setImmediate(resolve));
  }

  private next(untilMs: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.sleepers) {
      if (sleeper.wakeAtMs > untilMs) continue;
      const earlier =
        !first ||
        sleeper.wakeAtMs < first.wakeAtMs ||
        (sleeper.wakeAtMs === first.wakeAtMs && sleeper.order < first.order);
      if (earlier) first = sleeper;
    }
    return first;
  }
}

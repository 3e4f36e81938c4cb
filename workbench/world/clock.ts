import { setMaxListeners } from 'node:events';
import TinyQueue from 'tinyqueue';

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

/** The one there is: every request ends a wait, and each new error would note a stack that nobody reads. */
export const STOPPED = new Stopped();

/** What stops any number of waits: an AbortController without Node's warning about many listeners. */
export function stopper(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Throws {@link Stopped} once `signal` has aborted. */
export function assertRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw STOPPED;
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
    if (signal?.aborted) return reject(STOPPED);
    const stop = () => {
      clearTimeout(handle);
      reject(STOPPED);
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
  /** None once its wait was stopped. */
  wake: (() => void) | undefined;
}

/** Sleepers wake by instant, then in the order they fell asleep. */
const byWakeUp = (a: Sleeper, b: Sleeper): number => a.wakeAtMs - b.wakeAtMs || a.order - b.order;

/**
 * A clock that stands still until {@link advance} moves it: an hour of agent life takes milliseconds.
 * Sleepers wake one at a time, by instant and then in the order they fell asleep, and everything a
 * sleeper sets off that needs no real I/O is finished before the next one wakes. So a run is the same
 * every time.
 */
export class VirtualClock implements Clock {
  private nowMs: number;
  private order = 0;
  /** Hundreds sleep at a time, and one wakes every few simulated ms. */
  private readonly sleepers = new TinyQueue<Sleeper>([], byWakeUp);

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(STOPPED);
      const stop = () => {
        sleeper.wake = undefined;
        reject(STOPPED);
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
      this.sleepers.push(sleeper);
    });
  }

  /** Lets `ms` milliseconds pass. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await this.settle();
    for (;;) {
      const next = this.sleepers.peek();
      if (!next || next.wakeAtMs > untilMs) break;
      this.sleepers.pop();
      if (!next.wake) continue;
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
}

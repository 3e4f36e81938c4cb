import { setMaxListeners } from 'node:events';
import TinyQueue from 'tinyqueue';

/** The simulation's clock: real time, or a virtual clock that a test advances. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds. Rejects with {@link Stopped} as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `ring` after `ms` milliseconds, unless the returned function is called before: a wait that costs no signal. */
  after(ms: number, ring: () => void): () => void;
}

/** Ends a wait whose owner was stopped or killed. No work of the owner may run after it. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor() {
    super('stopped');
  }
}

/**
 * The only instance. Every request ends a wait, and a new error each time would capture a stack trace without a use.
 */
export const STOPPED = new Stopped();

/** An AbortController for any number of waits, without Node's warning about many listeners. */
export function stopper(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Throws {@link Stopped} once `signal` has aborted. */
export function assertRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw STOPPED;
}

/** Awaits `work` and ignores its end by `signal`. Any other failure is a bug in the simulation and is thrown. */
export async function unlessStopped(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Stopped && signal.aborted)) throw error;
  }
}

/** Node's longest timer, about 24.8 days; a longer timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The system clock. */
export class RealClock implements Clock {
  now(): number {
    return Date.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    let left = ms;
    for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS) await timer(LONGEST_TIMER_MS, signal);
    await timer(left, signal);
  }

  /** @param ms not longer than Node's longest timer */
  after(ms: number, ring: () => void): () => void {
    const handle = setTimeout(ring, ms);
    return () => clearTimeout(handle);
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
  /** Unset once the wait was stopped. */
  wake: (() => void) | undefined;
}

/**
 * How many sleepers wake in one turn of Node's event loop. Node finishes all promises after each immediate, and another immediate
 * costs a fraction of another turn.
 */
const WAKES_A_TURN = 16;

/** Orders sleepers by wake-up time, then by when they fell asleep. */
const byWakeUp = (a: Sleeper, b: Sleeper): number => a.wakeAtMs - b.wakeAtMs || a.order - b.order;

/**
 * A clock that only {@link advance} moves: an hour of agent life takes milliseconds. Sleepers wake one at a time, by
 * instant and then in the order they fell asleep. All work that a sleeper triggers without real I/O finishes before the
 * next sleeper wakes, so every run is the same.
 */
export class VirtualClock implements Clock {
  private nowMs: number;
  private order = 0;
  /** A heap: hundreds of sleepers wait at a time, and one wakes every few simulated milliseconds. */
  private readonly sleepers = new TinyQueue<Sleeper>([], byWakeUp);
  /** What stops the sleepers of a signal: one listener for all of them, since an agent sleeps on one signal all day. */
  private readonly stops = new WeakMap<AbortSignal, Set<() => void>>();

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!signal) return this.add(ms, resolve);
      if (signal.aborted) return reject(STOPPED);
      const stops = this.stopsOf(signal);
      const sleeper = this.add(ms, () => {
        stops.delete(stop);
        resolve();
      });
      const stop = () => {
        sleeper.wake = undefined;
        reject(STOPPED);
      };
      stops.add(stop);
    });
  }

  after(ms: number, ring: () => void): () => void {
    const sleeper = this.add(ms, ring);
    return () => {
      sleeper.wake = undefined;
    };
  }

  /** Advances time by `ms` milliseconds. */
  advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    return new Promise((resolve) => {
      let isOver = false;
      const step = () => {
        if (isOver || this.wakeNext(untilMs)) return;
        isOver = true;
        this.nowMs = untilMs;
        resolve();
      };
      const turn = () => {
        step();
        if (isOver) return;
        for (let n = 1; n < WAKES_A_TURN; n++) setImmediate(step);
        setImmediate(turn);
      };
      setImmediate(turn);
    });
  }

  /** Finishes all work that waits only for promises; time does not advance. */
  async settle(): Promise<void> {
    // Node empties the whole microtask queue before it runs an immediate.
    await new Promise((resolve) => setImmediate(resolve));
  }

  private add(ms: number, wake: () => void): Sleeper {
    const sleeper = { wakeAtMs: this.nowMs + Math.max(0, ms), order: this.order++, wake };
    this.sleepers.push(sleeper);
    return sleeper;
  }

  /** Wakes the next sleeper. @returns false if none is due by `untilMs` */
  private wakeNext(untilMs: number): boolean {
    for (;;) {
      const next = this.sleepers.peek();
      if (!next || next.wakeAtMs > untilMs) return false;
      this.sleepers.pop();
      if (!next.wake) continue;
      this.nowMs = next.wakeAtMs;
      next.wake();
      return true;
    }
  }

  private stopsOf(signal: AbortSignal): Set<() => void> {
    const known = this.stops.get(signal);
    if (known) return known;
    const stops = new Set<() => void>();
    this.stops.set(signal, stops);
    const stopAll = () => {
      for (const stop of stops) stop();
    };
    signal.addEventListener('abort', stopAll, { once: true });
    return stops;
  }
}

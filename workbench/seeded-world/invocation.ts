import type { Clock } from '../world/index.ts';
import type { Trace } from './trace.ts';
import type { Weather } from './weather.ts';

/** Decides the next fault. */
type Faults = Pick<Weather, 'next'>;

/** The function was killed. Nothing it does afterwards has any effect. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** A port call that was refused, before or after it took effect. */
class Refused extends Error {
  override readonly name = 'Refused';
}

/** Never resolves; the code of a killed function waits for it. */
const never = new Promise<never>(() => {});

/** One invocation of a function. Every port call it makes passes through here and can fail. */
export class Invocation {
  readonly name: string;
  /** Rejects with {@link Died} when the function is killed. */
  readonly death: Promise<never>;
  #isDead = false;
  #die: (error: Died) => void = () => {};
  #processorFreeAtMs = 0;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  readonly #weather: Faults;
  readonly #trace: Trace;

  constructor(
    name: string,
    timeoutMs: number,
    { clock, weather, trace }: { clock: Clock; weather: Faults; trace: Trace },
  ) {
    this.name = name;
    this.#clock = clock;
    this.#weather = weather;
    this.#trace = trace;
    this.#deadlineMs = clock.now() + timeoutMs;
    this.death = new Promise((_, reject) => {
      this.#die = reject;
    });
    this.death.catch(() => {}); // avoids an unhandled rejection when there is no listener
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Returns the time until the function's timeout, in ms. */
  timeLeftMs(): number {
    return this.#deadlineMs - this.#clock.now();
  }

  /**
   * Makes a port call, unless the next fault prevents it.
   *
   * @param call `port.method`
   * @param items number of items in the call
   */
  async call(call: string, items: number, act: () => unknown): Promise<unknown> {
    if (this.#isDead) return never;
    const { fault, costMs } = this.#weather.next(call, items);
    if (costMs > 0) await this.#work(costMs);
    if (fault)
      this.#trace.say(this.name, () => `${call}: ${fault.kind}${fault.kind === 'slow' ? ` ${fault.ms} ms` : ''}`);
    switch (fault?.kind) {
      case 'die-before':
        return this.#kill(`killed before ${call}`);
      case 'die-after':
        await act();
        return this.#kill(`killed after ${call}`);
      case 'refuse':
        throw new Refused(`${call} was throttled`);
      case 'lose-reply':
        await act();
        throw new Refused(`the reply to ${call} was lost`);
      case 'slow':
        return this.#slowly(fault.ms, fault.first, act);
      case undefined: {
        const result = await act();
        return this.#isDead ? never : result;
      }
      default:
        return fault satisfies never;
    }
  }

  /** Makes a slow call. It takes effect at its start or its end; the function can time out meanwhile. */
  async #slowly(ms: number, first: boolean, act: () => unknown): Promise<unknown> {
    const early = first ? await act() : undefined;
    await this.#pass(ms);
    return first ? early : act();
  }

  /** Uses CPU time. There is one CPU. */
  async #work(ms: number): Promise<void> {
    const nowMs = this.#clock.now();
    this.#processorFreeAtMs = Math.max(nowMs, this.#processorFreeAtMs) + ms;
    await this.#pass(this.#processorFreeAtMs - nowMs);
  }

  async #pass(ms: number): Promise<void> {
    const left = this.timeLeftMs();
    await this.#clock.sleep(Math.min(ms, Math.max(0, left)));
    if (this.#isDead) await never;
    if (ms >= left) await this.#kill('timed out');
  }

  #kill(reason: string): Promise<never> {
    this.#isDead = true;
    this.#trace.say(this.name, () => reason);
    this.#die(new Died(reason));
    return never;
  }
}

/**
 * Wraps a port so that each call goes through the current invocation; for a generator, each page.
 *
 * @param current returns the current invocation
 */
export function through<T extends object>(port: T, name: string, current: () => Invocation): T {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      const call = `${name}.${String(key)}`;
      if (isGenerator(member)) return (...args: unknown[]) => paged(Reflect.apply(member, target, args), call, current);
      return (...args: unknown[]) => {
        const [first] = args;
        const items = Array.isArray(first) ? first.length : 1;
        return current().call(call, items, () => Reflect.apply(member, target, args));
      };
    },
  });
}

/** Wraps several ports with {@link through}. */
export function throughAll<P extends object>(ports: P, current: () => Invocation): P {
  return new Proxy(ports, {
    get(target, name) {
      const port: unknown = Reflect.get(target, name, target);
      return typeof port === 'object' && port !== null ? through(port, String(name), current) : port;
    },
  });
}

const isGenerator = (member: object): boolean => Reflect.get(member, Symbol.toStringTag) === 'AsyncGeneratorFunction';

async function* paged(pages: AsyncIterable<unknown>, call: string, current: () => Invocation): AsyncGenerator<unknown> {
  const iterator = pages[Symbol.asyncIterator]();
  for (;;) {
    const step = (await current().call(call, 1, () => iterator.next())) as IteratorResult<unknown>;
    if (step.done) return;
    yield step.value;
  }
}

import type { Ports } from './world.ts';

/** Thrown when a process dies. Nothing it does afterwards has any effect. */
export class Died extends Error {}

const READS = new Set([
  ...['find', 'prepare', 'hostOf', 'read', 'waitingIds', 'open', 'due', 'page', 'resume', 'secret'],
  ...['findDeliveries', 'retiredDeliveries'],
]);

/**
 * A process that dies before or after its n-th write (counted from 1), like a Lambda function that is killed. 0: never.
 */
export class Mortal {
  writes = 0;
  #dead = false;
  readonly #at: number;
  readonly #when: 'before' | 'after';

  constructor(at: number, when: 'before' | 'after') {
    this.#at = at;
    this.#when = when;
  }

  get died(): boolean {
    return this.#dead;
  }

  /** Makes a write, unless the process dies. */
  async write<T>(make: () => Promise<T>): Promise<T> {
    this.#breathe();
    this.writes += 1;
    const last = this.writes === this.#at;
    if (last && this.#when === 'before') this.#die();
    const made = await make();
    if (last) this.#die();
    this.#breathe();
    return made;
  }

  /** Makes a read, unless the process is dead. */
  async read<T>(make: () => Promise<T>): Promise<T> {
    this.#breathe();
    return make();
  }

  /** Wraps ports so that each call counts as one write or one read of this process. */
  ports<P extends Ports>(ports: P): P {
    const entries = Object.entries(ports).map(([name, port]) => [name, this.#port(port)]);
    return Object.fromEntries(entries) as P;
  }

  #port<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = (args: unknown[]) => Promise.resolve(Reflect.apply(value, target, args));
        return (...args: unknown[]) =>
          READS.has(String(name)) ? this.read(() => call(args)) : this.write(() => call(args));
      },
    });
  }

  #die(): never {
    this.#dead = true;
    throw new Died(`died ${this.#when} write ${this.#at}`);
  }

  #breathe(): void {
    if (this.#dead) throw new Died('is dead');
  }
}

/** Runs a process that can die. @returns undefined if it died */
export async function untilDeath<T>(life: () => Promise<T>): Promise<T | undefined> {
  try {
    return await life();
  } catch (error) {
    if (error instanceof Died) return undefined;
    throw error;
  }
}

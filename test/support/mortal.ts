import { openTable, type Table } from '../../lib/aws/table.ts';
import { dynamodb } from './dynamodb.ts';

/** What a process throws once it has died: nothing it does afterwards has any effect. */
export class Died extends Error {}

const READS = new Set(['GetItemCommand', 'QueryCommand', 'BatchGetItemCommand', 'GetCommand', 'BatchGetCommand']);

/** A process that dies before or after its n-th write (counted from 1), as Lambda functions do; 0: it lives. */
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

  /** Makes a write, unless this is the moment of death. */
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

  /** The same table through this process's own client. */
  table({ name }: Table): Table {
    const client = dynamodb();
    client.middlewareStack.add(
      (next, context) => (args) => {
        this.#breathe();
        return READS.has(String(context.commandName)) ? next(args) : this.write(() => next(args));
      },
      { step: 'initialize', name: 'mortal' },
    );
    return openTable(name, client);
  }

  #die(): never {
    this.#dead = true;
    throw new Died(`died ${this.#when} write ${this.#at}`);
  }

  #breathe(): void {
    if (this.#dead) throw new Died('is dead');
  }
}

/** Runs a process that may die; undefined when it did. */
export async function untilDeath<T>(life: () => Promise<T>): Promise<T | undefined> {
  try {
    return await life();
  } catch (error) {
    if (error instanceof Died) return undefined;
    throw error;
  }
}

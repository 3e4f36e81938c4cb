import type { Clock } from '../clock.ts';

/** How long AWS still tells of a stopped task or a terminated instance; it promises about as much. */
const REMEMBERED_MS = 60 * 60 * 1000;

/** A part of a list, and what to ask for the next one with; without a token it was the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

interface Entry<T> {
  readonly position: number;
  readonly item: T;
}

/** Resources that AWS tells of as long as they exist and for an hour after their end. */
export class Registry<T> {
  /** In the order in which they came. */
  private readonly entries = new Map<string, Entry<T>>();
  /** When each that has ended did, in epoch milliseconds, in the order of the ends. */
  private readonly endedAtMs = new Map<string, number>();
  private positions = 0;

  constructor(private readonly clock: Clock) {}

  add(id: string, item: T): void {
    this.entries.set(id, { position: this.positions++, item });
  }

  /** From now on the hour runs. */
  end(id: string): void {
    this.forget();
    this.endedAtMs.set(id, this.clock.now());
  }

  get(id: string): T | undefined {
    this.forget();
    return this.entries.get(id)?.item;
  }

  /** All of them, oldest first. */
  values(): T[] {
    this.forget();
    return [...this.entries.values()].map(({ item }) => item);
  }

  /**
   * At most `limit` of those that are `wanted`, oldest first, after those of the page that `token` came with.
   * What comes and goes between two pages moves nothing else from one to the other.
   *
   * @throws what `refusal` makes if no page came with this token
   */
  page(wanted: (item: T) => boolean, limit: number, token: unknown, refusal: () => Error): Page<T> {
    this.forget();
    const after = positionOf(token, refusal);
    const rest = [...this.entries.values()].filter(({ position, item }) => position > after && wanted(item));
    const entries = rest.slice(0, limit);
    const last = entries.at(-1);
    const items = entries.map(({ item }) => item);
    return last && rest.length > limit ? { items, nextToken: tokenOf(last.position) } : { items };
  }

  private forget(): void {
    const nowMs = this.clock.now();
    for (const [id, endedAtMs] of this.endedAtMs) {
      if (endedAtMs + REMEMBERED_MS > nowMs) return;
      this.endedAtMs.delete(id);
      this.entries.delete(id);
    }
  }
}

const PREFIX = 'after:';

function tokenOf(position: number): string {
  return Buffer.from(`${PREFIX}${position}`).toString('base64url');
}

function positionOf(token: unknown, refusal: () => Error): number {
  if (token === undefined) return -1;
  const text = Buffer.from(String(token), 'base64url').toString();
  const position = Number(text.slice(PREFIX.length));
  if (!text.startsWith(PREFIX) || !Number.isInteger(position)) throw refusal();
  return position;
}

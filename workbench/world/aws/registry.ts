import type { Clock } from '../simulation/clock.ts';

/** How long AWS still returns a stopped task or a terminated instance. AWS documents about one hour. */
const REMEMBERED_MS = 60 * 60 * 1000;

/** One page of a list, and the token for the next page. The last page has no token. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

interface Entry<T> {
  readonly position: number;
  readonly item: T;
}

/** Resources that AWS returns while they exist and for one hour after their end. */
export class Registry<T> {
  /** In insertion order. */
  private readonly entries = new Map<string, Entry<T>>();
  /** When each ended resource ended, in epoch milliseconds, in order of the ends. */
  private readonly endedAtMs = new Map<string, number>();
  private positions = 0;

  constructor(private readonly clock: Clock) {}

  add(id: string, item: T): void {
    this.entries.set(id, { position: this.positions++, item });
  }

  /** Marks a resource as ended; AWS returns it for one more hour. */
  end(id: string): void {
    this.forget();
    this.endedAtMs.set(id, this.clock.now());
  }

  get(id: string): T | undefined {
    this.forget();
    return this.entries.get(id)?.item;
  }

  /** All resources, oldest first. */
  values(): T[] {
    this.forget();
    return [...this.entries.values()].map(({ item }) => item);
  }

  /**
   * At most `limit` resources that satisfy `wanted`, oldest first, starting after the page that returned `token`.
   * Resources that appear or disappear between two pages do not shift the others.
   *
   * @throws the error `refusal` makes, if no page returned this token
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

import type { HeldReads } from './held-reads.ts';
import { HINT_SHARDS, type WakeHint, type WakeHints } from './wake-hints.ts';

/** How often hints are read, ms: half of it is the mean delay of a query. */
export const HINTS_EVERY_MS = 200;

export interface HintSettings {
  /** By how much each read overlaps the previous one, ms: for hints that become readable late, and for clocks that differ. */
  readonly overlapMs: number;
  /** Occasionally a read goes back this far, ms, to find hints that became readable even later. */
  readonly catchUpMs: number;
  /** The interval of such reads, ms: less than a hold. */
  readonly catchUpEveryMs: number;
}

export const defaultHints: HintSettings = { overlapMs: 2_000, catchUpMs: 60_000, catchUpEveryMs: 10_000 };

/** The position in one shard, and the hints already seen near it. */
export class HintCursor {
  readonly #settings: HintSettings;
  /** Ids of the hints that were seen, with the time of each, in the order in which they were seen. */
  readonly #seen = new Map<string, number>();
  #readAtMs = -Infinity;
  #caughtUpAtMs = -Infinity;

  constructor(settings: HintSettings = defaultHints) {
    this.#settings = settings;
  }

  /** When the last successful read began, epoch ms. */
  get readAtMs(): number {
    return this.#readAtMs;
  }

  /** The time from which a read at `nowMs` must list hints, epoch ms. */
  fromMs(nowMs: number): number {
    const { overlapMs, catchUpMs, catchUpEveryMs } = this.#settings;
    const isCatchUp = nowMs - this.#caughtUpAtMs >= catchUpEveryMs;
    if (isCatchUp) return nowMs - catchUpMs;
    return Math.max(nowMs - catchUpMs, Math.min(nowMs, this.#readAtMs) - overlapMs);
  }

  /**
   * Moves the cursor after a successful read.
   *
   * @param startedAtMs when the read began: hints written since may be missing
   * @returns the hints that are new
   */
  take(hints: readonly WakeHint[], startedAtMs: number, fromMs: number): WakeHint[] {
    const { catchUpMs } = this.#settings;
    if (fromMs <= startedAtMs - catchUpMs) this.#caughtUpAtMs = startedAtMs;
    this.#readAtMs = startedAtMs;
    const fresh = hints.filter(({ id }) => !this.#seen.has(id));
    for (const { id, atMs } of fresh) this.#seen.set(id, atMs);
    // A hint from a clock ahead of ours stays known for as long as reads find it.
    for (const [id, atMs] of this.#seen) if (atMs < startedAtMs - catchUpMs) this.#seen.delete(id);
    return fresh;
  }
}

interface Deps {
  readonly hints: WakeHints;
  readonly reads: Pick<HeldReads<unknown>, 'hintsRead'>;
  readonly now: () => number; // epoch ms
  /** @default defaultHints */
  readonly settings?: HintSettings;
}

/** Reads the hints of all shards, and wakes the held reads of their hosts. A shard that cannot be read keeps its position. */
export class HintReader {
  readonly #deps: Deps;
  readonly #cursors: readonly HintCursor[];

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#cursors = Array.from({ length: HINT_SHARDS }, () => new HintCursor(deps.settings));
  }

  /** Makes one read of each shard. @throws the first error, after all reads have ended */
  async read(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#cursors.map((cursor, shard) => this.#readShard(cursor, shard)));
    const hosts = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
    this.#deps.reads.hintsRead(new Set(hosts), Math.min(...this.#cursors.map(({ readAtMs }) => readAtMs)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #readShard(cursor: HintCursor, shard: number): Promise<string[]> {
    const startedAtMs = this.#deps.now();
    const fromMs = cursor.fromMs(startedAtMs);
    const hints = await this.#deps.hints.since(shard, fromMs);
    return cursor.take(hints, startedAtMs, fromMs).map(({ host }) => host);
  }
}

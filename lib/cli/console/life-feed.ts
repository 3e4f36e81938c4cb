import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Life, Lives } from '../../console/api.ts';
import { batches } from '../../core/batches.ts';
import type { WorkloadReader } from '../../core/ledger/ledger.ts';
import { CLOCK_AHEAD_MS, type LedgerIndex } from '../../core/ledger/ledger-index.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import { isSettled, lifeOf } from './life.ts';

/** Reads of the index are eventually consistent, and clocks differ: each refresh overlaps the one before. */
const OVERLAP_MS = 15_000;
/** Clocks that are ahead by more are rare. The days ahead are eight queries each, so not every refresh reads all of them. */
const AHEAD_MS = 5 * 60_000;
const FAR_AHEAD_EVERY_MS = 60_000;
/** How many of the youngest unsettled records each refresh reads again. As many of the older ones are read in turn. */
const YOUNGEST_AT_ONCE = 100;
const OTHERS_AT_ONCE = 100;
/** The first reading reads this many lives at a time, so that other requests are answered in between. */
const READ_AT_ONCE = 100;
/** The most lives in one reply: a page draws the first ones while it fetches more. */
const SENT_AT_ONCE = 2000;

interface Entry {
  readonly record: WorkloadRecord;
  readonly life: Life;
  /** The revision of its last change; 0 if the page does not get it. */
  readonly revision: number;
  readonly readAtMs: number;
}

interface FeedOptions {
  readonly ledgerIndex: Pick<LedgerIndex, 'between' | 'lookBack'>;
  readonly ledger: WorkloadReader;
  /** Lives first received since then, epoch ms. */
  readonly sinceMs: number;
  readonly now: () => number;
  /** The most lives of the first reading that a page gets: the latest ones. */
  readonly mostLives: number;
}

/**
 * The lives of the ledger, kept in memory. The first reading of the index goes back in time and continues by itself, so the latest
 * lives are there at once. Each refresh afterwards reads only new and unsettled records. Each change raises the revision, so a page
 * asks for what changed since the last one it has.
 */
export class LifeFeed {
  readonly #options: FeedOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #unsettled = new Set<string>();
  #revision = 0;
  #cursorMs = Number.POSITIVE_INFINITY;
  #farAheadAtMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;
  /** How far back the first reading has come, epoch ms. */
  #backToMs = Number.POSITIVE_INFINITY;
  #readingBack: Promise<void> | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Reads what is new. The first call only starts the first reading. Concurrent calls share one refresh. */
  refresh(): Promise<void> {
    this.#refreshing ??= (this.#readingBack ? this.#refresh() : this.#beginReading()).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Lives that changed after a revision, oldest change first; some of them, if they are many. */
  changedSince(revision: number): Lives {
    const all = [...this.#entries.values()].filter((entry) => entry.revision > revision);
    const changed = all.sort((a, b) => a.revision - b.revision).slice(0, SENT_AT_ONCE);
    const hasMore = changed.length < all.length;
    return {
      next: hasMore ? (changed.at(-1)?.revision ?? revision) : this.#revision,
      hasMore,
      readBackToMs: this.#backToMs > this.#options.sinceMs ? this.#backToMs : undefined,
      nowMs: this.#options.now(),
      lives: changed.map(({ life }) => life),
    };
  }

  /** All records, oldest first. */
  records(): WorkloadRecord[] {
    return [...this.#entries.values()]
      .map(({ record }) => record)
      .sort((a, b) => a.firstReceivedAtMs - b.firstReceivedAtMs);
  }

  record(workload: string): WorkloadRecord | undefined {
    return this.#entries.get(workload)?.record;
  }

  lives(): Life[] {
    return [...this.#entries.values()].map(({ life }) => life);
  }

  /** Reads the latest lives, and lets the reading of the others continue. After a failure it begins where it stopped. */
  async #beginReading(): Promise<void> {
    const { ledgerIndex, sinceMs, now } = this.#options;
    const nowMs = now();
    const toMs = Math.min(this.#backToMs, nowMs);
    const groups = batches(ledgerIndex.lookBack({ fromMs: sinceMs, toMs, isNewestFirst: true, nowMs }), READ_AT_ONCE);
    const { value: latest = [] } = await groups.next();
    this.#keepOlder(latest);
    this.#backToMs = Math.min(this.#backToMs, latest.at(-1)?.firstReceivedAtMs ?? sinceMs);
    this.#cursorMs = Math.min(this.#cursorMs, Math.max(sinceMs, nowMs - OVERLAP_MS));
    this.#readingBack = this.#readBack(groups);
    this.#readingBack.catch(() => {
      this.#readingBack = undefined; // the next refresh fails too, or begins again
    });
  }

  async #readBack(groups: AsyncIterable<WorkloadRecord[]>): Promise<void> {
    for await (const group of groups) {
      this.#keepOlder(group);
      this.#backToMs = Math.min(this.#backToMs, group.at(-1)?.firstReceivedAtMs ?? this.#backToMs);
      await nextTurn();
    }
    this.#backToMs = this.#options.sinceMs;
  }

  /** Keeps records of the first reading. What a refresh has read meanwhile is newer. */
  #keepOlder(records: readonly WorkloadRecord[]): void {
    const nowMs = this.#options.now();
    for (const record of records) {
      if (this.#entries.has(record.workload)) continue;
      this.#keep(record, nowMs, { isShown: this.#entries.size < this.#options.mostLives });
    }
  }

  async #refresh(): Promise<void> {
    const { ledgerIndex, ledger, now, sinceMs } = this.#options;
    const nowMs = now();
    const isFar = nowMs - this.#farAheadAtMs >= FAR_AHEAD_EVERY_MS;
    const read = new Set<string>();
    for await (const record of ledgerIndex.between(this.#cursorMs, nowMs + (isFar ? CLOCK_AHEAD_MS : AHEAD_MS))) {
      read.add(record.workload);
      this.#keep(record, nowMs);
    }
    if (isFar) this.#farAheadAtMs = nowMs;
    this.#cursorMs = Math.max(sinceMs, nowMs - OVERLAP_MS);
    const again = this.#turn(read);
    for (const record of again.length > 0 ? await ledger.read(again) : []) this.#keep(record, nowMs);
    this.#judgeAgain(nowMs);
  }

  /** The unsettled workloads to read now, without those just read. */
  #turn(read: ReadonlySet<string>): string[] {
    const waiting = [...this.#unsettled].flatMap((workload) =>
      read.has(workload) ? [] : (this.#entries.get(workload) ?? []),
    );
    waiting.sort((a, b) => b.record.firstReceivedAtMs - a.record.firstReceivedAtMs);
    const others = waiting.slice(YOUNGEST_AT_ONCE).sort((a, b) => a.readAtMs - b.readAtMs);
    const turn = [...waiting.slice(0, YOUNGEST_AT_ONCE), ...others.slice(0, OTHERS_AT_ONCE)];
    return turn.map(({ record }) => record.workload);
  }

  /** @param isShown whether pages get it; one that changes is always shown */
  #keep(record: WorkloadRecord, nowMs: number, { readAtMs = nowMs, isShown = true } = {}): void {
    const { workload } = record;
    if (isSettled(record, nowMs)) this.#unsettled.delete(workload);
    else this.#unsettled.add(workload);
    const life = lifeOf(record, nowMs);
    const known = this.#entries.get(workload);
    if (known && JSON.stringify(known.life) === JSON.stringify(life)) {
      this.#entries.set(workload, { ...known, record, readAtMs });
      return;
    }
    const revision = isShown ? ++this.#revision : 0;
    this.#entries.set(workload, { record, life, revision, readAtMs });
  }

  /** Decides verdicts again, because time alone can change them. */
  #judgeAgain(nowMs: number): void {
    for (const workload of this.#unsettled) {
      const entry = this.#entries.get(workload);
      if (entry?.life.verdict === 'pending') this.#keep(entry.record, nowMs, { readAtMs: entry.readAtMs });
    }
  }
}

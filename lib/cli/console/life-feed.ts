import type { Life, Lives } from '../../console/api.ts';
import type { WorkloadReader } from '../../core/ledger/ledger.ts';
import { CLOCK_AHEAD_MS, type LedgerIndex } from '../../core/ledger/ledger-index.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import { isSettled, lifeOf } from './life.ts';

/** Reads of the index are eventually consistent, and clocks differ: each look overlaps the one before. */
const OVERLAP_MS = 15_000;
/** Unsettled records that one look reads again: the youngest, and as many of the others, which take turns. */
const YOUNGEST_AT_ONCE = 100;
const OTHERS_AT_ONCE = 100;
/** The page gets no more than the latest of them. */
const MOST_LIVES = 50_000;

interface Entry {
  readonly record: WorkloadRecord;
  readonly life: Life;
  readonly revision: number;
  readonly readAtMs: number;
}

interface FeedOptions {
  readonly ledgerIndex: Pick<LedgerIndex, 'between'>;
  readonly ledger: WorkloadReader;
  /** Lives first received since then, epoch ms. */
  readonly sinceMs: number;
  readonly now: () => number;
}

/**
 * The lives of the ledger, kept in memory: one reading of the index at first, and only new and unsettled records at each
 * look afterwards. Each change raises the revision, so a page asks for what changed since the last one it has.
 */
export class LifeFeed {
  readonly #options: FeedOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #unsettled = new Set<string>();
  #revision = 0;
  #cursorMs: number;
  #looking: Promise<void> | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#cursorMs = options.sinceMs;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Reads what is new. Looks that are asked for at the same time are one look. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Lives that changed after a revision, oldest change first. */
  changedSince(revision: number): Lives {
    const changed = [...this.#entries.values()].filter((entry) => entry.revision > revision);
    const lives = changed.sort((a, b) => a.revision - b.revision).map(({ life }) => life);
    return { next: this.#revision, nowMs: this.#options.now(), lives: lives.slice(-MOST_LIVES) };
  }

  /** The records that were first received since `fromMs`. */
  records(fromMs = 0): WorkloadRecord[] {
    return [...this.#entries.values()].flatMap(({ record }) => (record.firstReceivedAtMs >= fromMs ? [record] : []));
  }

  record(workload: string): WorkloadRecord | undefined {
    return this.#entries.get(workload)?.record;
  }

  lives(): Life[] {
    return [...this.#entries.values()].map(({ life }) => life);
  }

  async #look(): Promise<void> {
    const { ledgerIndex, ledger, now } = this.#options;
    const nowMs = now();
    const read = new Set<string>();
    for await (const record of ledgerIndex.between(this.#cursorMs, nowMs + CLOCK_AHEAD_MS)) {
      read.add(record.workload);
      this.#keep(record, nowMs);
    }
    this.#cursorMs = Math.max(this.#options.sinceMs, nowMs - OVERLAP_MS);
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

  #keep(record: WorkloadRecord, nowMs: number, readAtMs = nowMs): void {
    const { workload } = record;
    if (isSettled(record, nowMs)) this.#unsettled.delete(workload);
    else this.#unsettled.add(workload);
    const life = lifeOf(record, nowMs);
    const known = this.#entries.get(workload);
    if (known && JSON.stringify(known.life) === JSON.stringify(life)) {
      this.#entries.set(workload, { ...known, record, readAtMs });
      return;
    }
    this.#revision += 1;
    this.#entries.set(workload, { record, life, revision: this.#revision, readAtMs });
  }

  /** A verdict can change with the time alone. */
  #judgeAgain(nowMs: number): void {
    for (const workload of this.#unsettled) {
      const entry = this.#entries.get(workload);
      if (entry?.life.verdict === 'pending') this.#keep(entry.record, nowMs, entry.readAtMs);
    }
  }
}

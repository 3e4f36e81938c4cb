import { HOLD_MS } from '../ledger/bound.ts';
import { Hold, type Timer } from './hold.ts';
import { Room } from './room.ts';

/** What one look at a host's partition found. */
export interface Look<Reply> {
  /** The reply to give now. @default - none: the read is held */
  readonly reply?: Reply;
  /**
   * When something may become due without any change of the table, such as an unanswered query, epoch ms; `Infinity` if
   * nothing will. @default - unknown: the next read has to look again
   */
  readonly dueAtMs?: number;
  /** Whether another read of the host got the queries. */
  readonly isOvertaken?: boolean;
}

/** How to look: after a hint the read must be consistent, so that it sees what the hint announced. */
export interface LookMode {
  readonly isConsistent: boolean;
  /** Whether this is the look on arrival; later looks are those of a held read. */
  readonly isFirst: boolean;
}

/** One read of an agent. */
export interface HeldRead<Reply> {
  readonly host: string;
  /** The enrollment of the read's key. A remembered empty partition is valid for one enrollment only. */
  readonly epoch: number;
  /** The latest end of the hold, epoch ms: when the request's connection is too old to wait longer. @default - none */
  readonly untilMs?: number;
  /** Calls `closed` when the connection is closed. */
  onClosed(closed: () => void): void;
  look(mode: LookMode): Promise<Look<Reply>>;
  /** The reply if there was no work. */
  readonly empty: Reply;
}

export interface HoldSettings {
  /** How long an empty read is held, ms. @default HOLD_MS */
  readonly holdMs: number;
  /**
   * The minimum time before an empty reply, ms. An agent with `distributed_interval` 0 polls again at once, so without this it
   * would poll without a pause when holds end early.
   */
  readonly leastHoldMs: number;
  /** For how long a host's empty partition is remembered, ms: each host is looked at this often. */
  readonly memoryMs: number;
  /** If hints were not read for this long, remembered partitions are not trusted, ms. */
  readonly blindAfterMs: number;
  /** How long looks stay consistent after a hint, ms: longer than eventually consistent reads lag. */
  readonly recentMs: number;
  /**
   * For how long an empty partition is not remembered after a hint, ms: a hint is written before its change, and functions write
   * the change within this time.
   */
  readonly doubtMs: number;
  /** The first pause before another look if a look after a hint finds nothing, ms; doubled with each look. */
  readonly lookAgainMs: number;
}

const defaultHolds: HoldSettings = {
  holdMs: HOLD_MS,
  leastHoldMs: 1_000,
  memoryMs: 60_000,
  blindAfterMs: 3_000,
  recentMs: 5_000,
  doubtMs: 30_000,
  lookAgainMs: 200,
};

/**
 * How many reads look at the table at a time. One query to thousands of hosts wakes all of them: this way the first ones are
 * answered before the last ones look, and no call waits longer for a connection to the table than its client allows.
 */
const LOOKS_AT_ONCE = 100;

interface Quiet {
  readonly epoch: number;
  readonly untilMs: number;
}

interface Hint {
  readonly atMs: number; // when it was seen
  /** Whether a look has found work since. */
  isMet: boolean;
}

interface Deps {
  readonly now: () => number; // epoch ms
  readonly timer: Timer;
  /** @default defaultHolds */
  readonly settings?: Partial<HoldSettings>;
}

/**
 * Holds the empty reads of hosts until there is work for them, and remembers which hosts' partitions are empty: while no hint
 * comes, the partition of a held host is read once a minute.
 *
 * Hints only say when to look. What a look finds, and who gets a delivery, is decided by the table, so a missing, late or
 * repeated hint costs time or a read, never a query.
 */
export class HeldReads<Reply> {
  readonly #now: () => number;
  readonly #timer: Timer;
  readonly #settings: HoldSettings;
  /** All holds of a host, the newest last. Only the newest one is woken, because an agent sends one read at a time. */
  readonly #holds = new Map<string, Hold[]>();
  /** In the order of their looks. */
  readonly #quiet = new Map<string, Quiet>();
  /** The last hint that was seen for each host, in order of time. */
  readonly #hinted = new Map<string, Hint>();
  readonly #looks = new Room(LOOKS_AT_ONCE);
  #hintsReadAtMs = -Infinity;
  #count = 0;
  #isClosing = false;

  constructor({ now, timer, settings }: Deps) {
    this.#now = now;
    this.#timer = timer;
    this.#settings = { ...defaultHolds, ...settings };
  }

  /** How many reads are held. */
  get count(): number {
    return this.#count;
  }

  /** Whether hints matter: a read is held, or an empty partition is remembered. */
  get isWatching(): boolean {
    this.#forgetOld();
    return this.#count > 0 || this.#quiet.size > 0;
  }

  /** Answers a read: at once if there is work, otherwise as soon as work arrives, and at the end of the hold at the latest. */
  answer(read: HeldRead<Reply>): Promise<Reply> {
    const hold = this.#enter(read);
    const lookAtMs = this.#quietUntil(read);
    const isQuiet = lookAtMs > this.#now();
    return isQuiet ? this.#afterWait(read, hold, lookAtMs) : this.#afterLook(read, hold, true);
  }

  /** Reports that all hints written before `atMs` were read. @param hosts those that the new hints are for */
  hintsRead(hosts: Iterable<string>, atMs: number): void {
    this.#hintsReadAtMs = Math.max(this.#hintsReadAtMs, atMs);
    for (const host of hosts) {
      this.#quiet.delete(host);
      this.#hinted.delete(host);
      this.#hinted.set(host, { atMs: this.#now(), isMet: false });
      this.#holds.get(host)?.at(-1)?.wake();
    }
    this.#forgetOld();
  }

  /** Answers all held reads at once, and holds no more. */
  close(): void {
    this.#isClosing = true;
    for (const holds of this.#holds.values()) for (const hold of holds) hold.end();
  }

  /** One promise and no async function: thousands of reads wait at a time, and the collector copies all that each keeps alive. */
  #afterWait(read: HeldRead<Reply>, hold: Hold, lookAtMs: number): Promise<Reply> {
    return new Promise((resolve) => {
      hold.wait(lookAtMs, (outcome) => {
        // Hints that are seen together cost one look.
        if (outcome === 'look') return resolve(Promise.resolve().then(() => this.#afterLook(read, hold, false)));
        this.#leave(read.host, hold);
        resolve(read.empty);
      });
    });
  }

  async #afterLook(read: HeldRead<Reply>, hold: Hold, isFirst: boolean): Promise<Reply> {
    const look = await this.#look(read, hold, isFirst).catch((error) => {
      this.#leave(read.host, hold);
      throw error;
    });
    if (look.reply !== undefined) {
      this.#leave(read.host, hold);
      return look.reply;
    }
    if (look.isOvertaken) hold.endBy(hold.sinceMs + this.#settings.leastHoldMs);
    return this.#afterWait(read, hold, this.#nextLookMs(read.host, look.dueAtMs));
  }

  /** A read whose hold ended before it was its turn looks no more: it might take work for an agent that is gone. */
  async #look(read: HeldRead<Reply>, hold: Hold, isFirst: boolean): Promise<Look<Reply>> {
    const leave = await this.#looks.take(1);
    try {
      return hold.isOver && !isFirst ? {} : await this.#lookNow(read, hold, isFirst);
    } finally {
      leave();
    }
  }

  async #lookNow(read: HeldRead<Reply>, hold: Hold, isFirst: boolean): Promise<Look<Reply>> {
    const startedAtMs = this.#now();
    const hint = this.#hinted.get(read.host);
    const isConsistent = hold.takeHint() || this.#isRecent(hint);
    this.#quiet.delete(read.host);
    const look = await read.look({ isConsistent, isFirst });
    if (look.reply !== undefined) {
      if (hint) hint.isMet = true;
    } else if (look.dueAtMs !== undefined && !this.#isInDoubt(read.host)) {
      const untilMs = Math.min(startedAtMs + this.#settings.memoryMs, look.dueAtMs);
      this.#quiet.set(read.host, { epoch: read.epoch, untilMs });
    }
    return look;
  }

  /** When to look again after a look that found nothing, epoch ms: soon if the change that a hint announced is still to come. */
  #nextLookMs(host: string, dueAtMs = Infinity): number {
    const hint = this.#hinted.get(host);
    if (!hint || hint.isMet || !this.#isRecent(hint)) return dueAtMs;
    const nowMs = this.#now();
    return Math.min(dueAtMs, nowMs + Math.max(this.#settings.lookAgainMs, nowMs - hint.atMs));
  }

  #isRecent(hint: Hint | undefined): boolean {
    return hint !== undefined && this.#now() - hint.atMs < this.#settings.recentMs;
  }

  /** Whether an empty partition may be about to change. */
  #isInDoubt(host: string): boolean {
    const hint = this.#hinted.get(host);
    return hint !== undefined && this.#now() - hint.atMs < this.#settings.doubtMs;
  }

  /** Until when the host's partition is known to be empty, epoch ms; 0 if it is not. */
  #quietUntil({ host, epoch }: HeldRead<Reply>): number {
    if (this.#now() - this.#hintsReadAtMs > this.#settings.blindAfterMs) return 0;
    const quiet = this.#quiet.get(host);
    return quiet?.epoch === epoch ? quiet.untilMs : 0;
  }

  #enter(read: HeldRead<Reply>): Hold {
    const { host, untilMs = Infinity } = read;
    const { holdMs, leastHoldMs } = this.#settings;
    const nowMs = this.#now();
    const hold = new Hold({ now: this.#now, timer: this.#timer, endsAtMs: Math.min(nowMs + holdMs, untilMs) });
    if (this.#isClosing) hold.end();
    read.onClosed(() => hold.end());
    // The agent has given up its older read. If two agents share a key, each gets short holds.
    const holds = this.#holds.get(host);
    for (const older of holds ?? []) older.endBy(older.sinceMs + leastHoldMs);
    if (holds) holds.push(hold);
    else this.#holds.set(host, [hold]);
    this.#count += 1;
    return hold;
  }

  #leave(host: string, hold: Hold): void {
    const holds = this.#holds.get(host) ?? [];
    if (holds.length > 1) holds.splice(holds.indexOf(hold), 1);
    else this.#holds.delete(host);
    this.#count -= 1;
  }

  /** Both maps are in order of time, so this stops at the first recent entry. */
  #forgetOld(): void {
    const nowMs = this.#now();
    for (const [host, { untilMs }] of this.#quiet) {
      if (untilMs > nowMs) break;
      this.#quiet.delete(host);
    }
    for (const [host, { atMs }] of this.#hinted) {
      if (nowMs - atMs < this.#settings.doubtMs) break;
      this.#hinted.delete(host);
    }
  }
}

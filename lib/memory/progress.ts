import type { SweepProgress, SweepState } from '../core/inventory/inventory.ts';
import { FAN_OUT_KEPT_MS, type FanOutProgress, type FanOuts } from '../core/queue/fan-out.ts';
import type { PageNews, StoredAnswers } from '../core/results/stored-answers.ts';

interface Page {
  readonly marks: ReadonlySet<string>;
  readonly claimedUntilMs?: number;
}

/** Marks of stored answers in memory. */
export class MemoryStoredAnswers implements StoredAnswers {
  readonly #pages = new Map<string, Page>();

  async read(host: string, pages: readonly string[]): Promise<Map<string, ReadonlySet<string>>> {
    return new Map(pages.map((page) => [page, this.#of(host, page).marks]));
  }

  async claim(host: string, page: string, nowMs: number, untilMs: number): Promise<ReadonlySet<string> | 'busy'> {
    const { marks, claimedUntilMs = 0 } = this.#of(host, page);
    if (claimedUntilMs > nowMs) return 'busy';
    this.#set(host, page, { marks, claimedUntilMs: untilMs });
    return marks;
  }

  async markStored(host: string, page: string, { marks, replaces }: PageNews): Promise<void> {
    const before = replaces ? [] : this.#of(host, page).marks;
    this.#set(host, page, { marks: new Set([...before, ...marks]) });
  }

  async release(host: string, page: string): Promise<void> {
    this.#set(host, page, { marks: this.#of(host, page).marks });
  }

  #of(host: string, page: string): Page {
    return this.#pages.get(`${host} ${page}`) ?? { marks: new Set() };
  }

  #set(host: string, page: string, content: Page): void {
    this.#pages.set(`${host} ${page}`, content);
  }
}

/** Progress of fan-outs in memory. */
export class MemoryFanOuts implements FanOuts {
  readonly #secret: string;
  readonly #fanOuts = new Map<string, { readonly progress: FanOutProgress; readonly untilMs: number }>();

  /** @param secret orders fan-outs: the same secret gives the same order */
  constructor(secret = 'memory') {
    this.#secret = secret;
  }

  async secret(): Promise<string> {
    return this.#secret;
  }

  async resume(id: string, nowMs: number): Promise<FanOutProgress> {
    const saved = this.#fanOuts.get(id);
    return saved && saved.untilMs > nowMs ? saved.progress : { hosts: 0, done: false };
  }

  async save(id: string, progress: FanOutProgress, nowMs: number, keepMs = FAN_OUT_KEPT_MS): Promise<void> {
    const untilMs = nowMs + keepMs;
    if ((this.#fanOuts.get(id)?.untilMs ?? 0) <= untilMs) this.#fanOuts.set(id, { progress, untilMs });
  }
}

/** Progress of sweeps in memory. */
export class MemorySweepProgress implements SweepProgress {
  state: SweepState = {};
  #heldUntilMs = 0;

  async begin(nowMs: number, untilMs: number): Promise<SweepState | undefined> {
    if (this.#heldUntilMs > nowMs) return undefined;
    this.#heldUntilMs = untilMs;
    return this.state;
  }

  async end(untilMs: number, state: SweepState): Promise<void> {
    if (this.#heldUntilMs !== untilMs) return;
    this.state = state;
    this.#heldUntilMs = 0;
  }
}

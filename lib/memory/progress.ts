import type { SweepProgress, SweepState } from '../core/reconcile/inventory.ts';
import type { AnswerBook } from '../core/results/answer-book.ts';
import { FAN_OUT_KEEPS_MS, type FanOutProgress, type FanOuts } from '../core/triggers/fan-out.ts';

/** Which answers were stored. */
export class MemoryAnswerBook implements AnswerBook {
  readonly #answers = new Map<string, 'stored' | { readonly claimedUntilMs: number }>();

  async claim(host: string, wireId: string, nowMs: number, untilMs: number): Promise<'claimed' | 'busy' | 'stored'> {
    const known = this.#answers.get(`${host} ${wireId}`);
    if (known === 'stored') return 'stored';
    if (known && known.claimedUntilMs > nowMs) return 'busy';
    this.#answers.set(`${host} ${wireId}`, { claimedUntilMs: untilMs });
    return 'claimed';
  }

  async stored(host: string, wireId: string): Promise<void> {
    this.#answers.set(`${host} ${wireId}`, 'stored');
  }

  async release(host: string, wireId: string): Promise<void> {
    this.#answers.delete(`${host} ${wireId}`);
  }
}

/** How far triggers without a ledger have come. */
export class MemoryFanOuts implements FanOuts {
  readonly #secret: string;
  readonly #places = new Map<string, { readonly progress: FanOutProgress; readonly untilMs: number }>();

  /** @param secret orders fan-outs: the same one, the same order */
  constructor(secret = 'memory') {
    this.#secret = secret;
  }

  async secret(): Promise<string> {
    return this.#secret;
  }

  async resume(id: string, nowMs: number): Promise<FanOutProgress> {
    const place = this.#places.get(id);
    return place && place.untilMs > nowMs ? place.progress : { hosts: 0, done: false };
  }

  async save(id: string, progress: FanOutProgress, nowMs: number, keepMs = FAN_OUT_KEEPS_MS): Promise<void> {
    const untilMs = nowMs + keepMs;
    if ((this.#places.get(id)?.untilMs ?? 0) <= untilMs) this.#places.set(id, { progress, untilMs });
  }
}

/** How far sweeping has come. */
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

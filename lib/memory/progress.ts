import type { AnswerBook } from '../core/results/answer-book.ts';
import type { FanOutProgress, FanOuts } from '../core/triggers/fan-out.ts';

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
  readonly #places = new Map<string, FanOutProgress>();

  async resume(id: string): Promise<FanOutProgress> {
    return this.#places.get(id) ?? { hosts: 0, done: false };
  }

  async save(id: string, progress: FanOutProgress): Promise<void> {
    this.#places.set(id, progress);
  }
}

import { HINT_SHARDS, HINT_TTL_MS, shardOf, type WakeHint, type WakeHints } from '../core/front/wake-hints.ts';

/** Hints in memory. */
export class MemoryWakeHints implements WakeHints {
  readonly #now: () => number;
  readonly #shards = Array.from({ length: HINT_SHARDS }, (): WakeHint[] => []);
  #written = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Writes a hint for a host. */
  announce(host: string): void {
    const atMs = this.#now();
    this.#written += 1;
    const shard = shardOf(host);
    const kept = this.#shards[shard]?.filter((hint) => hint.atMs > atMs - HINT_TTL_MS) ?? [];
    this.#shards[shard] = [...kept, { id: `${String(atMs).padStart(13, '0')}#${this.#written}`, host, atMs }];
  }

  async since(shard: number, fromMs: number): Promise<WakeHint[]> {
    return this.#shards[shard]?.filter(({ atMs }) => atMs >= fromMs) ?? [];
  }
}

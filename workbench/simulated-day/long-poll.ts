import { HeldReads } from '../../lib/core/front/held-reads.ts';
import { HINTS_EVERY_MS, HintReader } from '../../lib/core/front/hint-reader.ts';
import type { WakeHints } from '../../lib/core/front/wake-hints.ts';
import type { LongPoll } from '../../lib/core/osquery/deps.ts';
import type { Reply } from '../../lib/core/osquery/replies.ts';
import type { Clock } from '../world/index.ts';

/** The holds of the long-poll front in simulated time, and its loop that reads hints. */
export class SimulatedLongPoll implements LongPoll {
  readonly intervalSeconds: LongPoll['intervalSeconds'];
  readonly reads: HeldReads<Reply>;
  readonly #clock: Clock;
  readonly #reader: HintReader;
  readonly #end = new AbortController();

  constructor(intervalSeconds: LongPoll['intervalSeconds'], hints: WakeHints, clock: Clock) {
    const now = (): number => clock.now();
    this.intervalSeconds = intervalSeconds;
    this.#clock = clock;
    this.reads = new HeldReads({ now, timer: (ms, ring) => clock.after(ms, ring) });
    this.#reader = new HintReader({ hints, reads: this.reads, now });
  }

  /** Reads hints until `stop`. */
  async run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await this.#clock.sleep(HINTS_EVERY_MS, this.#end.signal).catch(() => undefined);
      await this.#reader.read();
    }
  }

  stop(): void {
    this.#end.abort();
  }
}

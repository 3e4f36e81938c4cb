import type { Clock } from '../world/index.ts';
import type { Trace } from './trace.ts';

const MAX_LISTED = 20;

/** Lists the first broken promises of a world with their time. The trace has all of them. */
export class Violations {
  readonly listed: string[] = [];
  readonly #clock: Clock;
  readonly #trace: Trace;

  constructor(clock: Clock, trace: Trace) {
    this.#clock = clock;
    this.#trace = trace;
  }

  readonly add = (what: string): void => {
    if (this.listed.length < MAX_LISTED) this.listed.push(`${this.#trace.at(this.#clock.now())} ${what}`);
    this.#trace.say('VIOLATION', () => what);
  };
}

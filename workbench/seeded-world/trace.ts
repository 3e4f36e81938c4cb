import type { Clock } from '../world/index.ts';

/** The trace of a world, line by line. Without a reader it writes nothing. */
export class Trace {
  readonly lines: string[] = [];
  readonly #clock: Clock;
  readonly #isOn: boolean;
  readonly #startMs: number;

  constructor(clock: Clock, isOn: boolean) {
    this.#clock = clock;
    this.#isOn = isOn;
    this.#startMs = clock.now();
  }

  say(who: string, what: () => string): void {
    if (this.#isOn) this.lines.push(`${this.at(this.#clock.now())}  ${who.padEnd(24)} ${what()}`);
  }

  /** Formats an instant as minutes, seconds and ms since the start of the world. */
  at(atMs: number): string {
    const ms = atMs - this.#startMs;
    const digits = (value: number, width: number) => String(Math.floor(value)).padStart(width, '0');
    return `${digits(ms / 60_000, 2)}:${digits((ms / 1000) % 60, 2)}.${digits(ms % 1000, 3)}`;
  }
}

import type { WriteStream } from 'node:tty';

/** Draws frames on a terminal, each in place of the previous one. Leaves the last frame visible when closed. */
export class Screen {
  readonly #out: WriteStream;
  #lines = 0;

  constructor(out: WriteStream) {
    this.#out = out;
    out.write('\u001b[?25l\u001b[?7l'); // hides the cursor; turns off line wrapping
  }

  get rows(): number {
    return this.#out.rows || 24;
  }

  draw(lines: readonly string[]): void {
    const up = this.#lines > 0 ? `\u001b[${this.#lines}A` : '';
    this.#out.write(`${up}${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    this.#lines = lines.length;
  }

  close(): void {
    this.#out.write('\u001b[?7h\u001b[?25h');
  }
}

import type { Clock } from '../../workbench/world/index.ts';
import { RealClock } from '../../workbench/world/index.ts';

/** Real time sped up by a factor. For simulations with a server that uses real time. */
export class BriskClock implements Clock {
  readonly #real = new RealClock();
  readonly #startMs = this.#real.now();
  readonly #factor: number;

  constructor(factor: number) {
    this.#factor = factor;
  }

  now(): number {
    return this.#startMs + (this.#real.now() - this.#startMs) * this.#factor;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms / this.#factor, signal);
  }

  after(ms: number, ring: () => void): () => void {
    return this.#real.after(ms / this.#factor, ring);
  }
}

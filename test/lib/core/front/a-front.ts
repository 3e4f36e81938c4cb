import { type HeldRead, HeldReads, type Look, type LookMode } from '../../../../lib/core/front/held-reads.ts';
import { T0 } from '../../../support/times.ts';
import { aVirtualTimer } from '../../../support/virtual-timer.ts';

export type Reply = 'nothing' | 'work' | 'invalid';
export const QUIET: Look<Reply> = { dueAtMs: Infinity };
export const onClosed = (): void => undefined;

/** A front process, with what each look finds. */
export class Front {
  readonly #timing = aVirtualTimer(T0);
  readonly clock = this.#timing.clock;
  readonly reads = new HeldReads<Reply>({ now: () => this.clock.now(), timer: this.#timing.timer });
  readonly looks: LookMode[] = [];
  readonly lookedAtMs: number[] = [];
  find: () => Look<Reply> | Promise<Look<Reply>> = () => QUIET;

  constructor() {
    this.see();
  }

  /** Sees hints of these hosts, or none. */
  see(...hosts: string[]): void {
    this.reads.hintsRead(hosts, this.clock.now());
  }

  /** Lets time pass, and looks at the hints often. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 200) {
      await this.clock.advance(Math.min(left, 200));
      this.see();
    }
  }

  /** A read of the agent, with its reply and how long it took as soon as it has one. */
  read(read: Partial<HeldRead<Reply>> = {}): { reply?: Reply; afterMs?: number } {
    const sinceMs = this.clock.now();
    const got: { reply?: Reply; afterMs?: number } = {};
    const look = async (mode: LookMode) => {
      this.looks.push(mode);
      this.lookedAtMs.push(this.clock.now());
      return this.find();
    };
    void this.reads.answer({ host: 'h1', epoch: 1, onClosed, look, empty: 'nothing', ...read }).then((reply) => {
      Object.assign(got, { reply, afterMs: this.clock.now() - sinceMs });
    });
    return got;
  }
}

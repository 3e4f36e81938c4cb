import type { Clock, EventBridgeEvent, Random } from '../world/index.ts';
import type { Trace } from './trace.ts';

interface EventQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: Trace;
  /** When the storm ends: until then events are lost, duplicated and delayed. */
  readonly calmFromMs: number;
  readonly handle: (event: EventBridgeEvent) => Promise<void>;
}

const SECOND_MS = 1000;
/** After this time an event is redelivered if its function failed. */
const VISIBILITY_MS = 90 * SECOND_MS;
const TRIES = 5;

/** The path of events to the functions: delayed, unreliable, with a retry when a function fails. */
export class EventQueue {
  readonly counts = { sent: 0, lost: 0, doubled: 0, dead: 0 };
  readonly #options: EventQueueOptions;
  readonly #rates: { readonly lost: number; readonly doubled: number; readonly late: number };
  readonly #random: Random;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    const plan = options.random.fork('event rates');
    const rate = () => (plan.chance(0.4) ? 0 : plan.between(0, 0.3));
    this.#rates = { lost: rate(), doubled: rate(), late: rate() };
    this.#random = options.random.fork('events');
  }

  readonly emit = (event: EventBridgeEvent): void => {
    const { counts } = this;
    const random = this.#random;
    const isStorm = this.#options.clock.now() < this.#options.calmFromMs;
    counts.sent++;
    // Draw both numbers for every event, so that one event's fate does not change the random numbers of the next.
    const [isLost, isTwice] = [random.chance(this.#rates.lost), random.chance(this.#rates.doubled)];
    const delays = [this.#delayMs(isStorm), this.#delayMs(isStorm)];
    if (isStorm && isLost) {
      counts.lost++;
      return;
    }
    if (isStorm && isTwice) counts.doubled++;
    for (const delayMs of isStorm && isTwice ? delays : delays.slice(0, 1)) void this.#send(event, delayMs);
  };

  #delayMs(isStorm: boolean): number {
    const soonMs = this.#random.integer(100, 2 * SECOND_MS);
    const lateMs = this.#random.integer(0, 40 * SECOND_MS);
    return soonMs + (this.#random.chance(this.#rates.late) && isStorm ? lateMs : 0);
  }

  async #send(event: EventBridgeEvent, delayMs: number): Promise<void> {
    const { clock, handle, trace } = this.#options;
    await clock.sleep(delayMs);
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        return await handle(event);
      } catch (error) {
        trace.say('event queue', () => `attempt ${attempt}: ${event['detail-type']}: ${error}`);
        await clock.sleep(VISIBILITY_MS);
      }
    }
    this.counts.dead++;
  }
}

import type { Clock, EventBridgeEvent, Random } from '../world/index.ts';

/** A latency as a lognormal through two of its quantiles. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** From a change of a container to the row in its host's queue: assumption E of docs/spec/performance.md §3.2. */
export const E_BASE: Latency = { p50Ms: 1000, p99Ms: 4000 };

/** The standard score of the 99th percentile. */
const Z99 = 2.3263;

/** A latency at a standard score, in ms. */
export const latencyAt = ({ p50Ms, p99Ms }: Latency, z: number): number => p50Ms * (p99Ms / p50Ms) ** (z / Z99);

/** What may happen to an event on its way, each as a probability. */
export interface Losses {
  readonly drop: number;
  /** It arrives twice, each time after a latency of its own. */
  readonly duplicate: number;
  /** It is held back by up to {@link HELD_BACK_MS}, so that later ones overtake it. */
  readonly reorder: number;
}

const HELD_BACK_MS = 10_000;

interface PathOptions {
  readonly latency: Latency;
  readonly losses: Losses;
  readonly clock: Clock;
  readonly random: Random;
  readonly deliver: (event: EventBridgeEvent) => Promise<void>;
}

/** The way of events from ECS to Mayfly: late, and as unreliable as it is told to be. */
export class EventPath {
  /** How many were given to it, and how many of those were lost. */
  sent = 0;
  lost = 0;
  readonly #options: PathOptions;

  constructor(options: PathOptions) {
    this.#options = options;
  }

  readonly emit = (event: EventBridgeEvent): void => {
    const { losses, random } = this.#options;
    this.sent++;
    // Drawn in any case: what one event meets never shifts what the next one meets.
    const [isLost, isTwice] = [random.chance(losses.drop), random.chance(losses.duplicate)];
    const [first, second] = [this.#delayMs(), this.#delayMs()];
    if (isLost) {
      this.lost++;
      return;
    }
    this.#send(event, first);
    if (isTwice) this.#send(event, second);
  };

  #delayMs(): number {
    const { latency, losses, random } = this.#options;
    const heldBackMs = random.next() * HELD_BACK_MS;
    return latencyAt(latency, random.normal()) + (random.chance(losses.reorder) ? heldBackMs : 0);
  }

  /** Whoever handles it fails loudly: there is nothing in memory that could fail in passing. */
  #send(event: EventBridgeEvent, delayMs: number): void {
    void this.#options.clock.sleep(delayMs).then(() => this.#options.deliver(event));
  }
}

import type { Clock, EventBridgeEvent, Random } from '../world/index.ts';

/** A lognormal latency, given by two of its quantiles. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** From a container's state change to the query in its host's queue: assumption E of docs/spec/performance.md §3.2. */
export const E_BASE: Latency = { p50Ms: 1000, p99Ms: 4000 };

/** The standard score of the 99th percentile. */
const Z99 = 2.3263;

/** Returns the latency at a standard score, in ms. */
export const latencyAt = ({ p50Ms, p99Ms }: Latency, z: number): number => p50Ms * (p99Ms / p50Ms) ** (z / Z99);

/** Probabilities of what can happen to an event in transit. */
export interface Losses {
  readonly drop: number;
  /** The event arrives twice, each time with its own latency. */
  readonly duplicate: number;
  /** The event is delayed by up to {@link HELD_BACK_MS}, so that later events overtake it. */
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

/** The path of events from ECS to Mayfly, with latency and the configured losses. */
export class EventPath {
  /** Number of events sent, and number lost. */
  sent = 0;
  lost = 0;
  readonly #options: PathOptions;

  constructor(options: PathOptions) {
    this.#options = options;
  }

  readonly emit = (event: EventBridgeEvent): void => {
    const { losses, random } = this.#options;
    this.sent++;
    // Draw both numbers for every event, so that one event's fate does not change the random numbers of the next.
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

  /** Delivers the event. A handler's error is thrown, because in-memory ports have no transient failures. */
  #send(event: EventBridgeEvent, delayMs: number): void {
    void this.#options.clock.sleep(delayMs).then(() => this.#options.deliver(event));
  }
}

import { type Clock, unlessStopped } from '../simulation/clock.ts';
import { draw, type Range } from '../simulation/delays.ts';
import type { Random } from '../simulation/random.ts';

/** An event as EventBridge delivers it. */
export interface EventBridgeEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** Precise to the second: `yyyy-mm-ddThh:mm:ssZ`. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: object;
}

export interface FeedOptions {
  readonly account: string;
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when the simulation ends; no event arrives after that. */
  readonly signal: AbortSignal;
  /** Receives each event when it arrives. */
  readonly emit: (event: EventBridgeEvent) => Promise<void> | void;
  /** Delay between an event's publication and its arrival. */
  readonly delay: Range;
  /** Probability that an event arrives twice, from 0 to 1. */
  readonly duplicates: number;
}

/** The default event bus of one account and region. It delivers the events of AWS's services with a delay. */
export class EventFeed {
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly options: FeedOptions) {}

  publish(source: string, detailType: string, resource: string, detail: object): void {
    const { account, clock, duplicates, random, region } = this.options;
    const event: EventBridgeEvent = {
      version: '0',
      id: random.uuid(),
      'detail-type': detailType,
      source,
      account,
      time: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
      region,
      resources: [resource],
      detail,
    };
    this.send(event);
    if (random.chance(duplicates)) this.send(event);
  }

  /** Resolves when no event is in transit. */
  async idle(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private send(event: EventBridgeEvent): void {
    const { clock, delay, emit, random, signal } = this.options;
    const arrival = clock.sleep(draw(random, delay), signal).then(() => emit(event));
    const delivery = unlessStopped(arrival, signal);
    this.underWay.add(delivery);
    delivery.finally(() => this.underWay.delete(delivery));
  }
}

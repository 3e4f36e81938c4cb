import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import * as z from 'zod/mini';
import type { CoverageEvent, CoverageEvents } from '../../core/ledger/review.ts';

/** The environment variables of this adapter. */
export const BusEnv = { BUS_NAME: z.string().check(z.minLength(1)) };

/** The most entries that PutEvents takes. @see EventBridge User Guide, "Sending events with PutEvents" */
const AT_ONCE = 10;
const TRIES = 3;

/** `Mayfly Coverage` events on Mayfly's own bus. */
export class BusCoverageEvents implements CoverageEvents {
  readonly #bus: string;
  readonly #client: EventBridgeClient;

  constructor(bus: string, client: EventBridgeClient = new EventBridgeClient({})) {
    this.#bus = bus;
    this.#client = client;
  }

  async put(events: readonly CoverageEvent[]): Promise<void> {
    const entries = events.map(
      (event): PutEventsRequestEntry => ({
        EventBusName: this.#bus,
        Source: 'mayfly',
        DetailType: 'Mayfly Coverage',
        Resources: [event.workload],
        Detail: JSON.stringify(event),
      }),
    );
    for (let from = 0; from < entries.length; from += AT_ONCE) await this.#all(entries.slice(from, from + AT_ONCE));
  }

  /** A request that succeeds may still refuse some entries. Those are sent again. @throws if they are refused again */
  async #all(entries: readonly PutEventsRequestEntry[]): Promise<void> {
    let left = entries;
    let problem = '';
    for (let attempt = 0; attempt < TRIES && left.length > 0; attempt += 1) {
      const { Entries = [] } = await this.#client.send(new PutEventsCommand({ Entries: [...left] }));
      problem = Entries.find(({ ErrorCode }) => ErrorCode)?.ErrorCode ?? problem;
      left = left.filter((_, index) => Entries[index]?.ErrorCode !== undefined);
    }
    if (left.length > 0) throw new Error(`the bus ${this.#bus} refused ${left.length} events: ${problem}`);
  }
}

import { type AwsScope, scopeOf } from '../../lib/core/arn.ts';
import type { Link } from '../../lib/core/osquery/link.ts';
import { RequestBody } from '../../lib/core/osquery/request-body.ts';
import { compiledPolicy } from '../../lib/core/policy/compiled-policy.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { Spend } from '../../lib/core/reconcile/spend.ts';
import { sweep } from '../../lib/core/reconcile/sweep.ts';
import type { Report } from '../../lib/core/reports/report.ts';
import type { ResultSink } from '../../lib/core/results/lines.ts';
import { handleEvent } from '../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../lib/core/triggers/parse.ts';
import { type MemoryStores, memoryStores } from '../../lib/memory/composition.ts';
import type { MemoryLedger } from '../../lib/memory/ledger.ts';
import type {
  Clock,
  EventBridgeEvent,
  SimulatedCluster,
  Transport,
  WireRequest,
  WireResponse,
} from '../world/index.ts';
import { type Functions, functionsOver, lookupIn } from './composition.ts';
import { SimulatedLongPoll } from './long-poll.ts';
import { WorldInventory } from './world-inventory.ts';

export interface MayflyOptions {
  readonly policy: Policy;
  readonly clock: Clock;
  /** `distributed_interval` behind the long-poll front. @default - each poll is answered at once */
  readonly heldEverySeconds?: 0 | 1;
  /** The cluster that the simulated ECS and EC2 APIs describe. */
  readonly cluster: SimulatedCluster;
  /** Receives the rows. @default - they are discarded: what they prove is in the ledger */
  readonly results?: ResultSink['results'];
}

/** Time that the function may spend on a sweep, without its reserve. */
const SWEEP_MS = 45_000;
/** Timeout of the function that answers agents. */
const FUNCTION_MS = 15_000;

/** Mayfly without AWS: all decisions of lib/core on in-memory ports, with an injected clock. */
export class InMemoryMayfly {
  readonly stores: MemoryStores;
  /** Requests that failed. In-memory ports do not fail, so each is a bug in the core or in this simulation. */
  readonly failures: string[] = [];
  readonly #functions: Functions;
  readonly #now: () => number;
  readonly #scope: AwsScope;
  readonly #longPoll: SimulatedLongPoll | undefined;

  constructor({ policy, clock, cluster, heldEverySeconds, results = nowhere }: MayflyOptions) {
    const now = (): number => clock.now();
    const compiled = compiledPolicy(policy);
    const stores = memoryStores(now);
    const spend = new Spend(now, (ms) => clock.sleep(ms));
    const ports = {
      ...stores,
      sink: { results, logs: nowhere, quarantine: nowhere },
      lookup: lookupIn(cluster),
      inventory: new WorldInventory(cluster, spend),
    };
    this.stores = stores;
    this.#now = now;
    this.#scope = scopeOf(cluster.arn);
    const report: Report = (event, fields) => {
      if (event === 'request_failed' || event === 'sweep_failed')
        this.failures.push(`${event}: ${JSON.stringify(fields)}`);
    };
    if (heldEverySeconds !== undefined) {
      this.#longPoll = new SimulatedLongPoll(heldEverySeconds, stores.hints, clock);
      this.#longPoll.run().catch((error) => this.failures.push(`hints: ${error}`));
    }
    const around = { policy: async () => compiled, spend, now, report };
    this.#functions = functionsOver(ports, around, this.#longPoll);
  }

  /** Ends the long-poll front. */
  stop(): void {
    this.#longPoll?.stop();
  }

  get ledger(): MemoryLedger {
    return this.stores.ledger;
  }

  /** Handles an event like the functions behind EventBridge. */
  async take(event: EventBridgeEvent): Promise<void> {
    await handleEvent(parseEvent(event), this.#functions.events);
  }

  /** Looks for changes that no event reported, as the reconciler does every minute. */
  async sweep(): Promise<void> {
    await sweep(this.#functions.events, this.#scope, this.#now() + SWEEP_MS);
  }

  /**
   * Returns a transport for agents that uses no network.
   *
   * @param trip waits for half a round trip
   */
  transport(trip: (signal: AbortSignal) => Promise<void>): Transport {
    return {
      exchange: async ({ url, headers, body }: WireRequest, signal: AbortSignal): Promise<WireResponse> => {
        await trip(signal);
        const endsAtMs = this.#now() + FUNCTION_MS;
        const reply = await this.#functions.api.answer({
          method: 'POST',
          path: new URL(url).pathname,
          body: RequestBody.of(Buffer.from(body)),
          authorization: headers.Authorization,
          timeLeftMs: () => endsAtMs - this.#now(),
          link: linkOf(signal),
        });
        await trip(signal);
        return {
          status: reply.status,
          headers: { 'content-type': reply.contentType },
          body: Buffer.from(reply.body),
        };
      },
    };
  }
}

/** The connection of a request that its agent may give up. */
const linkOf = (signal: AbortSignal): Link => ({
  onClosed: (closed) => (signal.aborted ? closed() : signal.addEventListener('abort', closed, { once: true })),
});

/** Discards lines. */
const nowhere = async (): Promise<void> => {};

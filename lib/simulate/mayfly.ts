import type {
  Clock,
  EventBridgeEvent,
  SimulatedCluster,
  Transport,
  WireRequest,
  WireResponse,
} from '../agent/index.ts';
import { type Place, placeOf } from '../core/arn.ts';
import { InstanceNodes } from '../core/fleet/instance-nodes.ts';
import { SWEEP_EVERY_MS } from '../core/ledger/bound.ts';
import { RequestBody } from '../core/osquery/request-body.ts';
import { TlsApi } from '../core/osquery/tls-api.ts';
import { compiledPolicy } from '../core/policy/compiled-policy.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { SweepDeps } from '../core/reconcile/run.ts';
import { Settled } from '../core/reconcile/settled.ts';
import { Spend } from '../core/reconcile/spend.ts';
import { sweep } from '../core/reconcile/sweep.ts';
import { ContainerHosts } from '../core/triggers/container-hosts.ts';
import { handleEvent } from '../core/triggers/handle-event.ts';
import { parseEvent } from '../core/triggers/parse.ts';
import { MemoryFindings } from '../memory/findings.ts';
import { MemoryHosts } from '../memory/hosts.ts';
import { MemoryLedger } from '../memory/ledger.ts';
import { MemoryLogBook } from '../memory/log-book.ts';
import { MemoryAliases, MemoryDirectory } from '../memory/nodes.ts';
import { MemoryAnswerBook, MemoryFanOuts, MemorySweepProgress } from '../memory/progress.ts';
import { noTaskDefinitions } from '../memory/task-definitions.ts';
import { WorldInventory } from './world-inventory.ts';

export const ENROLL_SECRET = 'a day is a life';

export interface MayflyOptions {
  readonly policy: Policy;
  readonly clock: Clock;
  /** What ECS and EC2 answer about. */
  readonly cluster: SimulatedCluster;
}

/** What the function may take for a sweep, its reserve off. */
const SWEEP_MS = 45_000;
/** The timeout of the function that answers agents. */
const FUNCTION_MS = 15_000;
const NO_AGENT_AFTER_MS = 5 * 60_000;

/** Mayfly without AWS: the decisions of lib/core, all of them, on ports in memory and somebody else's clock. */
export class InMemoryMayfly {
  readonly ledger = new MemoryLedger();
  /** Requests that failed: memory never does, so each is a fault of the core or of this simulation. */
  readonly failures: string[] = [];
  readonly #api: TlsApi;
  readonly #deps: SweepDeps;
  readonly #place: Place;

  constructor({ policy, clock, cluster }: MayflyOptions) {
    const now = (): number => clock.now();
    const compiled = compiledPolicy(policy);
    const hosts = new MemoryHosts();
    const aliases = new MemoryAliases();
    const ports = {
      ledger: this.ledger,
      queue: hosts,
      registry: hosts,
      aliases,
      directory: new MemoryDirectory(now),
      fanOuts: new MemoryFanOuts(),
      findings: new MemoryFindings(),
      policy: async () => compiled,
      now,
      report: (event: string, { endpoint, error }: Readonly<Record<string, unknown>>): void => {
        if (event === 'request_failed' || event === 'sweep_failed')
          this.failures.push(`${endpoint ?? event}: ${error}`);
      },
    };
    const lookup = {
      instancesOf: async (clusterArn: string, arns: readonly string[]) => {
        const { containerInstances } = cluster.describeContainerInstances({
          cluster: clusterArn,
          containerInstances: arns,
        });
        return new Map(containerInstances.map(instanceOf));
      },
    };
    const spend = new Spend(now, (ms) => clock.sleep(ms));
    const inventory = new WorldInventory(cluster, spend);
    this.#place = placeOf(cluster.arn);
    this.#deps = {
      ...ports,
      definitions: noTaskDefinitions,
      hosts: new ContainerHosts(aliases, lookup, now),
      tasks: inventory,
      instances: inventory,
      progress: new MemorySweepProgress(),
      nodes: new InstanceNodes(ports.directory, aliases, now),
      spend,
      settled: new Settled(),
      noAgentAfterMs: NO_AGENT_AFTER_MS,
    };
    this.#api = new TlsApi({
      ...ports,
      book: new MemoryAnswerBook(),
      logBook: new MemoryLogBook(),
      sink: { results: nowhere, logs: nowhere, quarantine: nowhere },
      enrollSecrets: new Map([['default', secret(ENROLL_SECRET)]]),
      nodeKeySecret: secret('a key of the simulated day'),
      sweepEveryMs: SWEEP_EVERY_MS,
    });
  }

  /** Takes an event as the functions behind EventBridge do. */
  async take(event: EventBridgeEvent): Promise<void> {
    await handleEvent(parseEvent(event), this.#deps);
  }

  /** Looks for what no event told, as the reconciler does every minute. */
  async sweep(): Promise<void> {
    await sweep(this.#deps, this.#place, this.#deps.now() + SWEEP_MS);
  }

  /**
   * A way for agents to reach it without a network.
   *
   * @param trip passes the time that half a round trip takes
   */
  transport(trip: (signal: AbortSignal) => Promise<void>): Transport {
    return {
      exchange: async ({ url, headers, body }: WireRequest, signal: AbortSignal): Promise<WireResponse> => {
        await trip(signal);
        const authorization = headers.Authorization;
        const endsAtMs = this.#deps.now() + FUNCTION_MS;
        const reply = await this.#api.answer({
          method: 'POST',
          path: new URL(url).pathname,
          body: RequestBody.of(Buffer.from(body)),
          authorization,
          timeLeftMs: () => endsAtMs - this.#deps.now(),
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

/** The ledger knows what the rows proved; the rows themselves nobody asks for. */
const nowhere = async (): Promise<void> => {};

const secret = (value: string) => ({ values: async () => [value], refreshed: async () => [value] });

function instanceOf(described: object): [arn: string, instance: string] {
  const { containerInstanceArn, ec2InstanceId } = described as Record<string, unknown>;
  return [String(containerInstanceArn), String(ec2InstanceId)];
}

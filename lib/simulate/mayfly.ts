import type { EventBridgeEvent, Transport, WireRequest, WireResponse } from '../agent/index.ts';
import { TlsApi } from '../core/osquery/tls-api.ts';
import { compiledPolicy } from '../core/policy/compiled-policy.ts';
import type { Policy } from '../core/policy/policy.ts';
import { ContainerHosts } from '../core/triggers/container-hosts.ts';
import { handleEvent } from '../core/triggers/handle-event.ts';
import type { RuleDeps } from '../core/triggers/handle-rules.ts';
import { parseEvent } from '../core/triggers/parse.ts';
import { MemoryHosts } from '../memory/hosts.ts';
import { MemoryLedger } from '../memory/ledger.ts';
import { MemoryAliases, MemoryDirectory } from '../memory/nodes.ts';
import { MemoryAnswerBook, MemoryFanOuts } from '../memory/progress.ts';

export const ENROLL_SECRET = 'a day is a life';

export interface MayflyOptions {
  readonly policy: Policy;
  readonly now: () => number; // epoch ms
  /** ECS's own answer to DescribeContainerInstances. */
  readonly describe: (input: { cluster: string; containerInstances: readonly string[] }) => {
    readonly containerInstances: readonly object[];
  };
}

/** Mayfly without AWS: the decisions of lib/core, all of them, on ports in memory and somebody else's clock. */
export class InMemoryMayfly {
  readonly ledger = new MemoryLedger();
  /** Requests that failed: memory never does, so each is a fault of the core or of this simulation. */
  readonly failures: string[] = [];
  readonly #api: TlsApi;
  readonly #deps: RuleDeps;

  constructor({ policy, now, describe }: MayflyOptions) {
    const compiled = compiledPolicy(policy);
    const hosts = new MemoryHosts();
    const aliases = new MemoryAliases();
    const ports = {
      ledger: this.ledger,
      queue: hosts,
      registry: hosts,
      aliases,
      directory: new MemoryDirectory(),
      fanOuts: new MemoryFanOuts(),
      policy: async () => compiled,
      now,
      report: (event: string, { endpoint, error }: Readonly<Record<string, unknown>>): void => {
        if (event === 'request_failed') this.failures.push(`${endpoint}: ${error}`);
      },
    };
    const lookup = {
      instancesOf: async (clusterArn: string, arns: readonly string[]) => {
        const { containerInstances } = describe({ cluster: clusterArn, containerInstances: arns });
        return new Map(containerInstances.map(instanceOf));
      },
    };
    this.#deps = { ...ports, hosts: new ContainerHosts(aliases, lookup, now) };
    this.#api = new TlsApi({
      ...ports,
      book: new MemoryAnswerBook(),
      sink: { results: nowhere, logs: nowhere, quarantine: nowhere },
      enrollSecret: secret(ENROLL_SECRET),
      nodeKeySecret: secret('a key of the simulated day'),
    });
  }

  /** Takes an event as the functions behind EventBridge do. */
  async take(event: EventBridgeEvent): Promise<void> {
    await handleEvent(parseEvent(event), this.#deps);
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
        const reply = await this.#api.answer({
          method: 'POST',
          path: new URL(url).pathname,
          body: Buffer.from(body),
          ...(authorization ? { authorization } : {}),
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

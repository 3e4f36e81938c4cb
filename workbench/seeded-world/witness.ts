import type { MemoryLedger } from '../../lib/memory/ledger.ts';
import type { AgentEvent, SimulatedHost, WireRequest, WireResponse } from '../world/index.ts';
import type { WorldSink } from './sink.ts';
import { isLiveProof } from './world-policy.ts';

/** One run of a query and the containers that it proves alive. */
interface Proof {
  readonly id: string;
  readonly containers: readonly string[];
}

/** What an agent holds in memory until the server accepts it. */
interface Holdings {
  /** Keyed by the id on the wire; osquery keeps only the last run of an id. */
  readonly held: Map<string, Proof>;
  /** Ids whose answers the front dropped; the agent assumes they were accepted. */
  readonly dropped: Set<string>;
  /** The host identifier that the server knows it by. */
  name?: string;
}

interface WitnessOptions {
  readonly ledger: MemoryLedger;
  readonly sink: WorldSink;
  readonly violate: (what: string) => void;
}

/** Records what agents did and what the server replied, and checks that the server kept its promises. */
export class Witness {
  /** Containers that at least one agent saw alive. */
  readonly #alive = new Set<string>();
  /** Proofs that must be in the ledger: the server accepted them, or no agent crash explains their loss. */
  readonly #owed: { readonly proof: Proof; readonly why: string }[] = [];
  readonly #holdings = new Map<string, Holdings>();
  readonly #options: WitnessOptions;
  readonly counts = { answers: 0, lines: 0, proofs: 0 };

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /**
   * Records an agent's event.
   *
   * @param isAlone whether no other agent shares its identifier
   */
  saw(agent: string, host: SimulatedHost, event: AgentEvent, isAlone: boolean): void {
    const { held, dropped, name } = this.#of(agent);
    switch (event.kind) {
      case 'query-executed': {
        const before = held.get(event.id);
        if (before && isAlone) this.#owed.push({ proof: before, why: `an offer of ${event.id} again destroyed it` });
        const proof = this.#proofOf(event, host);
        if (proof) held.set(event.id, proof);
        else held.delete(event.id);
        return;
      }
      case 'results-written':
        for (const id of event.ids) {
          const proof = held.get(id);
          if (proof && !dropped.delete(id) && isAlone) this.#owed.push({ proof, why: `${id} was acknowledged` });
          held.delete(id);
        }
        return;
      case 'enrolled':
        // Evidence counts only from the host that the query was for, and the agent has a new identifier.
        if (nameIn(event.nodeKey) !== name) held.clear();
        this.#of(agent).name = nameIn(event.nodeKey);
        return;
      case 'crashed':
      case 'stopped':
      case 'exited':
      case 'wiped':
        held.clear();
        return;
      default:
    }
  }

  /** Returns what a run of a query proves, if anything. Marks its containers as seen alive by the agent. */
  #proofOf(event: Extract<AgentEvent, { kind: 'query-executed' }>, host: SimulatedHost): Proof | undefined {
    if (!isLiveProof(event.sql) || event.message !== '') return undefined;
    const containers = host.running().flatMap(({ id }) => (event.sql.includes(id) ? [id] : []));
    for (const id of containers) this.#alive.add(id);
    return { id: event.id, containers };
  }

  /** Records that the front rejected an oversized body: the agent deletes what it held. */
  droppedAtFront(agent: string, request: WireRequest): void {
    const { queries } = JSON.parse(Buffer.from(request.body).toString()) as { queries?: object };
    for (const id of Object.keys(queries ?? {})) this.#of(agent).dropped.add(id);
  }

  /** Records a reply after which the agent deletes what it sent. All of it must be stored by then. */
  answered(request: WireRequest, response: WireResponse): void {
    const isLog = request.url.endsWith('/log');
    if (!(isLog || request.url.endsWith('/distributed/write')) || !isAcceptance(response)) return;
    const body = JSON.parse(Buffer.from(request.body).toString()) as {
      readonly data?: readonly unknown[];
      readonly queries?: Readonly<Record<string, readonly unknown[]>>;
    };
    const { sink, violate } = this.#options;
    for (const line of body.data ?? []) {
      this.counts.lines++;
      if (!sink.lines.has(JSON.stringify(line)))
        violate(`a log line was acknowledged and not stored: ${JSON.stringify(line)}`);
    }
    for (const [id, rows] of Object.entries(body.queries ?? {})) {
      this.counts.answers++;
      for (const row of rows)
        if (!sink.rows.has(JSON.stringify(row)))
          violate(`a row of ${id} was acknowledged and not stored: ${JSON.stringify(row).slice(0, 200)}`);
    }
  }

  /** Checks that the ledger contains everything that was proved, and nothing else. */
  check(): void {
    const { ledger, violate } = this.#options;
    const seen = new Map(ledger.records.flatMap((record) => record.subjects.map((id) => [id, record] as const)));
    for (const { proof, why } of this.#owed) {
      for (const container of proof.containers) {
        this.counts.proofs++;
        const record = seen.get(container);
        if (record && !record.seenLive.includes(container))
          violate(
            `${why}, and proved container ${container.slice(0, 12)} of ${record.workload} alive: the ledger does not know`,
          );
      }
    }
    for (const record of ledger.records) {
      if (record.kind !== 'ecs-task') continue;
      for (const id of record.seenLive)
        if (!this.#alive.has(id))
          violate(`${record.workload} counts as seen by container ${id.slice(0, 12)}, which no agent saw`);
    }
  }

  #of(agent: string): Holdings {
    const known = this.#holdings.get(agent);
    if (known) return known;
    const fresh: Holdings = { held: new Map(), dropped: new Set() };
    this.#holdings.set(agent, fresh);
    return fresh;
  }
}

/** Extracts the host identifier from a node key. */
const nameIn = (nodeKey: string): string | undefined => nodeKey.split('.')[2];

/** Judges a reply as osquery does, ignoring the status. */
function isAcceptance({ body }: WireResponse): boolean {
  const text = Buffer.from(body).toString();
  if (text === '') return true;
  try {
    const document: unknown = JSON.parse(text);
    const { error, node_invalid } = Object(document) as { error?: unknown; node_invalid?: unknown };
    return error === undefined && node_invalid !== true;
  } catch {
    return false;
  }
}

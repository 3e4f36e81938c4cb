import type { PendingKey } from '../core/ledger/pending-key.ts';
import type { Node } from '../core/nodes/node.ts';
import { MAX_SECOND_AGENTS, NODE_TTL_MS, REVOKED_TTL_MS } from '../core/nodes/node.ts';
import type { NodeRegistry, NodeState } from '../core/nodes/registry.ts';
import type { Delivery, Offer } from '../core/queue/delivery.ts';
import type { FoundDelivery, HostPartition, HostQueue, Settled, SpacedQuery } from '../core/queue/host-queue.ts';
import { unanswered } from '../core/queue/offers.ts';
import type { PendingQuery } from '../core/queue/pending-query.ts';

type Reservation = NonNullable<SpacedQuery['reserves']>;

interface Partition {
  node: Node | undefined;
  readonly deliveries: Map<string, Delivery>;
  readonly retired: Map<string, Delivery>;
  readonly pending: Map<string, PendingQuery>;
}

/** Nodes and queues in memory. A host's node record is part of its partition, so a poll needs one read. */
export class MemoryHosts implements HostQueue, NodeRegistry, NodeState {
  readonly #partitions = new Map<string, Partition>();
  readonly #announce: (host: string) => void;
  readonly #spaces = new Map<string, { readonly queryId: string; readonly untilMs: number }>();

  /** @param announce writes a hint for a long-poll front @default - there is none */
  constructor(announce: (host: string) => void = () => undefined) {
    this.#announce = announce;
  }

  /** Every host with a partition. */
  get names(): readonly string[] {
    return [...this.#partitions.keys()];
  }

  async read(host: string): Promise<HostPartition> {
    const { node, deliveries, pending } = this.#of(host);
    return {
      node,
      deliveries: sorted(deliveries),
      pending: sorted(pending),
    };
  }

  async waitingIds(host: string, afterMs: number): Promise<ReadonlySet<string>> {
    const pending = [...this.#of(host).pending.values()];
    return new Set(pending.filter(({ expiresAtMs }) => expiresAtMs > afterMs).map(({ queryId }) => queryId));
  }

  async enqueueSpaced(spaced: readonly SpacedQuery[], nowMs: number): Promise<ReadonlySet<string>> {
    const leftOut = new Set<string>();
    for (const { query, reserves } of spaced) {
      if (reserves && !this.#reserve(query, reserves, nowMs)) leftOut.add(query.queryId);
      else await this.enqueue(query);
    }
    return leftOut;
  }

  #reserve({ host, queryId }: PendingQuery, { spacingKey, untilMs }: Reservation, nowMs: number): boolean {
    const key = `${host} ${spacingKey}`;
    const held = this.#spaces.get(key);
    if (held && held.queryId !== queryId && held.untilMs > nowMs) return false;
    this.#spaces.set(key, { queryId, untilMs });
    return true;
  }

  async enqueue(query: PendingQuery): Promise<void> {
    const { pending } = this.#of(query.host);
    const before = pending.get(nameOf(query));
    if (before && before.expiresAtMs > query.queuedAtMs) return;
    pending.set(nameOf(query), query);
    this.#announce(query.host);
  }

  async claim(host: string, rev: number, taken: Readonly<Record<string, number>>): Promise<boolean> {
    const partition = this.#of(host);
    if (partition.node?.rev !== rev) return false;
    partition.node = { ...partition.node, rev: rev + 1, taken };
    return true;
  }

  async deliver(delivery: Delivery): Promise<void> {
    this.#of(delivery.host).deliveries.set(delivery.id, { ...delivery, answered: [] });
  }

  async offerAgain({ host, id, leaseUntilMs }: Delivery, offer: Offer, untilMs?: number): Promise<number | undefined> {
    const { deliveries } = this.#of(host);
    const known = deliveries.get(id);
    if (!known || (untilMs !== undefined && known.leaseUntilMs !== leaseUntilMs)) return undefined;
    const offers = [...known.offers, offer];
    deliveries.set(id, { ...known, offers, leaseUntilMs: untilMs ?? known.leaseUntilMs });
    return offers.length - 1;
  }

  async findDeliveries(host: string, deliveryIds: readonly string[]): Promise<FoundDelivery[]> {
    const { deliveries, retired } = this.#of(host);
    return [...new Set(deliveryIds)].flatMap((id): FoundDelivery[] => {
      const open = deliveries.get(id);
      const delivery = open ?? retired.get(id);
      return delivery ? [{ ...delivery, isRetired: !open }] : [];
    });
  }

  async retiredDeliveries(host: string): Promise<Delivery[]> {
    return sorted(this.#of(host).retired);
  }

  async recordMoved({ host, id }: Delivery, queryIds: readonly string[]): Promise<void> {
    const { deliveries, retired } = this.#of(host);
    const shelf = deliveries.has(id) ? deliveries : retired;
    const known = shelf.get(id);
    if (known) shelf.set(id, { ...known, moved: [...new Set([...(known.moved ?? []), ...queryIds])].sort() });
  }

  async complete(settled: readonly Settled[]): Promise<void> {
    for (const { delivery, marks } of settled) {
      const { isRetired, ...asRead } = delivery;
      const { deliveries, retired } = this.#of(delivery.host);
      // As in the table, completeness is checked on the delivery that the caller read, together with these marks.
      const whole = { ...asRead, answered: [...new Set([...asRead.answered, ...marks])].sort() };
      if (!isRetired && unanswered(whole).length === 0) {
        await this.retire(whole);
        continue;
      }
      const shelf = isRetired ? retired : deliveries;
      const known = shelf.get(delivery.id);
      if (known) shelf.set(delivery.id, { ...known, answered: [...new Set([...known.answered, ...marks])].sort() });
    }
  }

  async retire(delivery: Delivery): Promise<void> {
    const { deliveries, retired } = this.#of(delivery.host);
    retired.set(delivery.id, delivery);
    deliveries.delete(delivery.id);
  }

  async remove(keys: readonly PendingKey[]): Promise<void> {
    for (const key of keys) this.#of(key.host).pending.delete(nameOf(key));
  }

  async find(host: string): Promise<Node | undefined> {
    return this.#of(host).node;
  }

  async enroll(node: Node, replaces: Node | undefined): Promise<boolean> {
    const partition = this.#of(node.host);
    const before = partition.node;
    if (before?.epoch !== replaces?.epoch || before?.rev !== replaces?.rev) return false;
    partition.node = node;
    return true;
  }

  async recordPoll(host: string, nowMs: number): Promise<void> {
    this.#change(host, (node) => ({ ...node, lastSeenMs: nowMs, expiresAtMs: nowMs + NODE_TTL_MS }));
  }

  async accelerate(host: string, untilMs: number): Promise<void> {
    this.#change(host, (node) => ({ ...node, hotUntilMs: Math.max(node.hotUntilMs, untilMs) }));
  }

  async recordInstance(host: string, instanceId: string): Promise<void> {
    this.#change(host, (node) => ({ ...node, instanceId }));
  }

  async setTags(host: string, tags: Readonly<Record<string, string>>): Promise<void> {
    this.#change(host, (node) => ({ ...node, tags }));
  }

  async recordSecondAgent(host: string, name: string, nowMs: number): Promise<void> {
    this.#change(host, (node) => {
      const { secondAgents = [] } = node;
      const isNew = !secondAgents.includes(name) && secondAgents.length < MAX_SECOND_AGENTS;
      return { ...node, contestedAtMs: nowMs, secondAgents: isNew ? [...secondAgents, name] : secondAgents };
    });
  }

  async endContest(host: string): Promise<void> {
    this.#change(host, ({ contests: _, ...node }) => node);
  }

  async recordDockerAccess(host: string, nowMs: number): Promise<void> {
    this.#change(host, (node) => ({ ...node, seesContainersAtMs: node.seesContainersAtMs ?? nowMs }));
  }

  async end(host: string, nowMs: number): Promise<void> {
    this.#change(host, (node) => ({ ...node, endedAtMs: node.endedAtMs ?? nowMs, rev: node.rev + 1 }));
    if (this.#of(host).node) this.#announce(host);
  }

  async revoke(host: string, nowMs: number): Promise<boolean> {
    const isKnown = this.#of(host).node !== undefined;
    const ended = { revokedAtMs: nowMs, expiresAtMs: nowMs + REVOKED_TTL_MS };
    this.#change(host, (node) => ({ ...node, ...ended, endedAtMs: node.endedAtMs ?? nowMs, rev: node.rev + 1 }));
    if (isKnown) this.#announce(host);
    return isKnown;
  }

  async readmit(host: string): Promise<boolean> {
    const partition = this.#of(host);
    if (partition.node?.revokedAtMs === undefined) return false;
    partition.node = undefined;
    return true;
  }

  #change(host: string, change: (node: Node) => Node): void {
    const partition = this.#of(host);
    if (partition.node) partition.node = change(partition.node);
  }

  #of(host: string): Partition {
    const known = this.#partitions.get(host);
    if (known) return known;
    const fresh: Partition = { node: undefined, deliveries: new Map(), retired: new Map(), pending: new Map() };
    this.#partitions.set(host, fresh);
    return fresh;
  }
}

const nameOf = ({ priority, queryId }: PendingKey): string => `${priority}#${queryId}`;

/** Items in the order of their sort keys: deliveries by time, queries by priority. */
const sorted = <T>(items: ReadonlyMap<string, T>): T[] =>
  [...items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);

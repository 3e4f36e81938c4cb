import * as z from 'zod/mini';
import type { Node, NodeIdentity } from '../../core/nodes/node.ts';
import type { DeliveredQuery, Delivery, Offer } from '../../core/queue/delivery.ts';
import type { HostPartition } from '../../core/queue/host-queue.ts';
import type { Asker, AskingCampaign, PendingQuery } from '../../core/queue/pending-query.ts';
import { unpacked } from '../table/packed-json.ts';
import {
  detectedBy,
  evidence,
  flag,
  list,
  members,
  membersOrNone,
  number,
  platform,
  querySet,
  readRow,
  renamed,
  type ShapeOf,
  type TableRow,
  text,
  texts,
} from '../table/row-schema.ts';

/** The partition of a host: its node, its deliveries, its pending queries. */
export const hostKey = (host: string): string => `HOST#${host}`;

const identity = z.object({
  hostname: text,
  uuid: text,
  agentInstance: text,
  platform: text,
  osqueryVersion: text,
  vendor: text,
} satisfies ShapeOf<NodeIdentity>);

const NodeRow = z.object({
  host: text,
  epoch: number,
  previousEpoch: z.optional(number),
  previousUntilMs: z.optional(number),
  enrolledAtMs: number,
  lastSeenMs: number,
  hotUntilMs: number,
  rev: number,
  taken: z.record(text, number),
  identity,
  instanceId: z.optional(text),
  secret: z.optional(text),
  tags: z.optional(texts),
  attested: z.optional(flag),
  twins: z.optional(list), // `secondAgents`
  contestedAtMs: z.optional(number),
  contests: z.optional(text),
  seesContainersAtMs: z.optional(number),
  endedAtMs: z.optional(number),
  revokedAtMs: z.optional(number),
  expiresAt: number, // TTL's, in epoch seconds
} satisfies ShapeOf<Omit<Node, 'expiresAtMs' | 'secondAgents'> & { readonly twins: Node['secondAgents'] }> & {
  readonly expiresAt: z.ZodMiniType<number>;
});

export function nodeOf(row: TableRow): Node {
  const { expiresAt, twins: secondAgents, ...node } = readRow(NodeRow, row);
  return { ...node, secondAgents, expiresAtMs: expiresAt * 1000 };
}

const askerShape = {
  queryId: text,
  workload: z.optional(text),
  alias: z.optional(text),
  subjects: list,
  decorations: texts,
  subjectDecorations: z.record(text, texts),
  triggeredAtMs: number,
  receivedAtMs: z._default(number, 0), // see `received`
  detectedBy: z.optional(detectedBy),
  queuedAtMs: number,
  expiresAtMs: number,
  fanOutIds: z.optional(list),
  campaign: z.optional(z.object({ id: text, keepBytes: number } satisfies ShapeOf<AskingCampaign>)),
} satisfies ShapeOf<Asker>;

/** What earlier versions called the properties of an asker. */
const OLD_ASKER_NAMES = { toldBy: 'detectedBy', places: 'fanOutIds' };

/** Earlier versions did not write when they received the trigger: it counts as received when it happened. */
const received = <A extends Asker>(asker: A): A =>
  asker.receivedAtMs === 0 ? { ...asker, receivedAtMs: asker.triggeredAtMs } : asker;

const scalar = z.union([text, number, flag, z.null()]);

const PendingRow = z.object({
  query: unpacked(
    renamed(
      OLD_ASKER_NAMES,
      z.object({
        ...askerShape,
        host: text,
        priority: number,
        rule: text,
        query: text,
        set: querySet,
        sql: text,
        bindings: z.record(text, z.union([scalar, z.array(scalar)])),
        evidence: z.optional(evidence),
        discovery: z.optional(text),
        platforms: z.optional(z.array(platform)),
      } satisfies ShapeOf<PendingQuery>),
    ),
  ),
});

const pendingOf = (row: TableRow): PendingQuery => received(readRow(PendingRow, row).query);

const deliveredQuery = z.object({
  rule: text,
  query: text,
  set: querySet,
  sql: text,
  evidence: z.optional(evidence),
  discovery: z.optional(text),
  askers: z.array(renamed(OLD_ASKER_NAMES, z.object(askerShape))),
  expiresAtMs: number,
} satisfies ShapeOf<DeliveredQuery>);

const offer = z.object({
  atMs: number,
  positions: z.array(number),
  isRepeat: z.optional(flag),
} satisfies ShapeOf<Offer>);
export const OffersRow = z.object({ offers: z.array(offer) });

const DeliveryRow = z.object({
  id: text,
  host: text,
  queries: unpacked(z.array(deliveredQuery)),
  offers: z.optional(z.array(offer)),
  deliveredAtMs: z.optional(number), // of earlier versions, in place of offers
  answered: membersOrNone,
  leaseUntilMs: number,
  moved: z.optional(members),
} satisfies { readonly [K in keyof ShapeOf<Delivery>]: z.ZodMiniType } & { readonly deliveredAtMs: z.ZodMiniType });

export function deliveryOf(row: TableRow): Delivery {
  const { offers, deliveredAtMs, queries, ...rest } = readRow(DeliveryRow, row);
  return {
    ...rest,
    queries: queries.map((query) => ({ ...query, askers: query.askers.map(received) })),
    offers: offers ?? [{ atMs: deliveredAtMs ?? rest.leaseUntilMs, positions: [...queries.keys()] }],
  };
}

/** A page of a host's partition. */
export function partitionOf(rows: readonly TableRow[]): HostPartition {
  const node = rows.find(({ sk }) => sk === '#node');
  return {
    node: node && nodeOf(node),
    deliveries: rows.filter(({ sk }) => String(sk).startsWith('d#')).map(deliveryOf),
    pending: rows.filter(({ sk }) => String(sk).startsWith('q#')).map(pendingOf),
  };
}

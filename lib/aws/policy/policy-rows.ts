import { gunzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { LEDGER_KEPT_MS } from '../../core/ledger/ledger-index.ts';
import { nodeMatchShape } from '../../core/policy/node-match-shape.ts';
import type {
  AdHoc,
  Limits,
  NodeMatch,
  Policy,
  PolicyQuery,
  PolicyRule,
  PolicyVersion,
  Profile,
  Target,
  Trigger,
} from '../../core/policy/policy.ts';
import {
  evidence,
  json,
  number,
  platform,
  readRow,
  type ShapeOf,
  type TableRow,
  text,
  texts,
} from '../table/row-schema.ts';

export type VersionHead = Omit<PolicyVersion, 'policy' | 'sources'>;

const list = z.optional(z.array(text));
const anything = z.record(text, z.unknown());

const match: z.ZodMiniType<NodeMatch> = z.object(nodeMatchShape);

const trigger: z.ZodMiniType<Trigger> = z.union([
  z.object({ event: anything }),
  z.object({ enrollment: z.union([match, z.literal(true)]) }),
  z.object({ log: z.object({ query: text, columns: z.optional(anything), action: list }) }),
  z.object({ request: text }),
]);

const target: z.ZodMiniType<Target> = z.union([
  z.enum(['ecs-task-host', 'ec2-instance', 'finding-host', 'same-node']),
  z.object({ host: text }),
  z.object({ 'hosts-where': match }),
]);

const query = z.object({
  name: text,
  sql: text,
  bind: texts,
  evidence: z.optional(evidence),
  discovery: z.optional(text),
  platforms: z.optional(z.array(platform)),
} satisfies ShapeOf<PolicyQuery>);

const rule = z.object({
  name: text,
  answers: text,
  on: trigger,
  target,
  priority: number,
  expiresSeconds: number,
  lastGasp: z._default(z.boolean(), false),
  accelerateSeconds: number,
  queries: z.array(query),
  postMortem: z.array(query),
  postMortemExpiresSeconds: number,
} satisfies ShapeOf<PolicyRule>);

const limits = z.object({
  queriesPerDelivery: number,
  pendingPerHost: number,
  spacingSeconds: number,
  hostsPerTrigger: number,
} satisfies ShapeOf<Limits>);

const profile = z.object({ name: text, match: z.optional(match), config: anything } satisfies ShapeOf<Profile>);

const adHoc = z.object({ allow: z.boolean(), forbidTables: z.array(text) } satisfies ShapeOf<AdHoc>);

/** Policies of earlier versions have no last-gasp rules and no `ledgerKeepsSeconds`. */
const policy = z.object({
  rules: z.array(rule),
  profiles: z.array(profile),
  limits,
  heatSeconds: number,
  ledgerKeepsSeconds: z._default(number, LEDGER_KEPT_MS / 1000),
  adHoc: z.optional(adHoc),
} satisfies ShapeOf<Policy>);

const HeadRow = z.object({
  version: number,
  digest: text,
  pushedAtMs: number,
  pushedBy: text,
  message: text,
} satisfies ShapeOf<VersionHead>);

const ContentRow = z.object({ content: z.pipe(json, z.object({ policy, sources: texts })) });

export const headOf = (row: TableRow): VersionHead => readRow(HeadRow, row);

/** A version with its content, which is gzip of JSON. */
export function versionOf(row: TableRow): PolicyVersion {
  const { content, pk, sk } = readRow(z.object({ pk: text, sk: text, content: z.instanceof(Uint8Array) }), row);
  const unpacked = readRow(ContentRow, { pk, sk, content: gunzipSync(content).toString('utf8') });
  return { ...headOf(row), ...unpacked.content };
}

import * as z from 'zod/mini';

/**
 * A stored line of the table `results`: one returned row, or one answer without rows. Lines of earlier versions lack some
 * fields, and unknown ones are dropped.
 *
 * @see docs/reference/results.md
 */
const Line = z.object({
  id: z.string(),
  kind: z.literal('result'),
  time: z.string(),
  storedAtMs: z.number(),
  host: z.string(),
  hostname: z._default(z.string(), ''),
  rule: z._default(z.string(), ''),
  query: z._default(z.string(), ''),
  queryId: z._default(z.string(), ''),
  set: z._default(z.string(), ''),
  status: z._default(z.number(), 0),
  message: z._default(z.string(), ''),
  workload: z._default(z.nullable(z.string()), null),
  columns: z._default(z.nullable(z.record(z.string(), z.string())), null),
  decorations: z._default(z.record(z.string(), z.string()), () => ({})),
  late: z._default(z.boolean(), false),
  repeat: z._default(z.boolean(), false),
  truncated: z.optional(z.boolean()),
  givenUp: z.optional(z.string()),
  triggeredAtMs: z.optional(z.number()),
  receivedAtMs: z.optional(z.number()),
  queuedAtMs: z.optional(z.number()),
  deliveredAtMs: z.optional(z.number()),
});
export type StoredRow = z.output<typeof Line>;

/** What selects stored rows. All that is given must match. */
export interface RowFilter {
  /** Stored in this span, both ends included, epoch ms. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly host?: string;
  readonly rule?: string;
  readonly query?: string;
  readonly workload?: string;
  /** The beginning of the name of a rule or a query, of an id of a query or a campaign, or a part of a workload. */
  readonly named?: string;
}

/** A line of a file or a row of Athena as a stored row; undefined if it is not one. */
export const rowOf = (value: unknown): StoredRow | undefined => Line.safeParse(value).data;

export const isMeant = (row: StoredRow, filter: RowFilter): boolean =>
  row.storedAtMs >= filter.fromMs &&
  row.storedAtMs <= filter.untilMs &&
  (['host', 'rule', 'query', 'workload'] as const).every((name) => (filter[name] ?? row[name]) === row[name]) &&
  (filter.named === undefined || isNamed(row, filter.named));

const isNamed = ({ rule, query, queryId, workload }: StoredRow, text: string): boolean =>
  [rule, query, queryId].some((name) => name.startsWith(text)) || (workload ?? '').includes(text);

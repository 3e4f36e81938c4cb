import * as z from 'zod';

export const at = z.iso.datetime().describe('ISO 8601 in UTC');

export const count = z.int().min(0);

export const texts = z.record(z.string(), z.string());

export const row = z.strictObject({
  id: z.string(),
  kind: z.literal('result'),
  time: at,
  storedAt: at,
  host: z.string(),
  hostname: z.string(),
  rule: z.string(),
  query: z.string(),
  queryId: z.string(),
  set: z.string(),
  status: z.number().describe('0 unless osquery answered with an error'),
  message: z.string(),
  workload: z.string().nullable(),
  columns: texts.nullable().describe('null for an answer without rows'),
  decorations: texts,
  late: z.boolean(),
  repeat: z.boolean(),
  truncated: z.boolean().optional(),
  givenUp: z.string().optional().describe('why the host never answered'),
  triggeredAt: at.optional(),
  receivedAt: at.optional(),
  queuedAt: at.optional(),
  deliveredAt: at.optional(),
});

export const fleetIssue = z.strictObject({ kind: z.string(), since: at, detail: z.string(), advice: z.string() });

export const anything = z.looseObject({});

/** What a command prints with `--json`: how, and the schema of one document. */
export interface JsonOutput {
  readonly prints: 'one document' | 'one document a line';
  readonly schema: z.ZodType;
}

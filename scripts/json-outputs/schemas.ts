import * as z from 'zod';
import { KINDS } from '../../lib/cli/logs/kinds.ts';
import type { Verdict } from '../../lib/core/ledger/workload.ts';

export const at = z.iso.datetime().describe('ISO 8601 in UTC');

export const count = z.int().min(0);

export const ms = z.number().describe('milliseconds');

const VERDICTS = ['seen', 'post-mortem', 'missed', 'never-started', 'ignored', 'pending'] as const;

export const verdict = z.enum(VERDICTS satisfies readonly Verdict['verdict'][]);

export const reason = z.string().describe('why it was missed; docs/reference/verdicts.md lists the reasons');

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

export const moment = z.strictObject({
  at,
  kind: z.enum(KINDS),
  event: z.string().describe('a log event; docs/reference/log-events.md lists them and their fields'),
  host: z.string().nullable(),
  what: z.string().describe('in a few words, for people'),
  fields: anything,
});

/** What a command prints with `--json`: how, and the schema of one document. */
export interface JsonOutput {
  readonly prints: 'one document' | 'one document a line';
  readonly schema: z.ZodType;
}

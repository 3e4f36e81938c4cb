import * as z from 'zod';
import { at, count, type JsonOutput, row, texts } from './schemas.ts';

const answeredRow = { campaign: z.string(), host: z.string(), hostname: z.string(), answeredAt: at };

/** The `--json` outputs of the commands that ask hosts and read their answers. */
export const QUERY_OUTPUTS = {
  query: {
    prints: 'one document a line',
    schema: z.union([
      z.strictObject({ ...answeredRow, columns: texts }).describe('a row'),
      z.strictObject({ ...answeredRow, error: z.string() }).describe('the failure of a host'),
    ]),
  },
  queries: {
    prints: 'one document',
    schema: z.array(
      z.strictObject({
        campaign: z.string(),
        sql: z.string(),
        askedBy: z.string(),
        target: z.string(),
        askedAt: at,
        expiresAt: at,
        cancelledAt: at.nullable(),
        refused: z.string().nullable().describe('why Mayfly refused it'),
        limited: z.boolean().describe('hosts_per_trigger left hosts out'),
        state: z.enum(['open', 'done', 'expired', 'cancelled', 'refused']),
        hosts: z.strictObject({
          asked: count,
          answered: count,
          failed: count,
          silent: count,
          away: count.describe('not answered, and the agent has not polled for 15 minutes'),
          expired: count,
          cancelled: count,
          refused: count,
          rows: count,
        }),
      }),
    ),
  },
  'query --cancel': {
    prints: 'one document',
    schema: z.strictObject({ campaign: z.string(), cancelled: z.literal(true) }),
  },
  rows: { prints: 'one document a line', schema: row },
  request: {
    prints: 'one document',
    schema: z.strictObject({
      eventId: z.string(),
      rules: z.array(
        z.strictObject({
          rule: z.string(),
          hosts: count,
          limited: z.boolean().describe('hosts_per_trigger left hosts out'),
          why: z.string().nullable().describe('why it asks no host'),
        }),
      ),
    }),
  },
} as const satisfies Readonly<Record<string, JsonOutput>>;

import * as z from 'zod';
import { at, count, type JsonOutput, moment, ms, reason, verdict } from './schemas.ts';

const counted = {
  startedAt: at,
  seconds: z.number(),
  front: z.enum(['serverless', 'service']),
  meanSeconds: z.record(z.string(), z.number()),
  operations: z.record(z.string(), z.number()),
  units: z.record(z.string(), z.number()),
  functions: z.record(
    z.string(),
    z.strictObject({ invocations: count, gbSeconds: z.number(), seconds: z.number().optional() }),
  ),
  firehose: z.strictObject({ requests: count, gb: z.number() }),
  busEvents: count,
};

const waits = z.strictObject({ p50: ms, p95: ms, max: ms });

/** What the lines of a local run are about. */
const localLine = z.union([
  z
    .strictObject({
      ready: z.strictObject({
        ...{ url: z.string(), certificate: z.string(), enrollSecret: z.string(), namedSecrets: z.array(z.string()) },
        ...{ events: z.string(), results: z.string(), flagfile: z.string(), dynamodb: z.string() },
        embedded: z.boolean().describe('the table is a file in the data folder'),
        ...{ tableName: z.string(), bus: z.string() },
      }),
      console: z.string().optional().describe('a link that works once, with --console'),
    })
    .describe('the first line'),
  z.strictObject({ moment }).describe('something that happened, as in tail; not with --quiet'),
  z
    .strictObject({
      notice: z.looseObject({
        kind: z.enum([
          ...(['function-error', 'retry', 'queue-error', 'dead-letter'] as const),
          ...(['gateway-response', 'torn-tail', 'dynamodb-restarted'] as const),
        ]),
      }),
    })
    .describe('trouble of the local services'),
  z
    .strictObject({
      task: z.strictObject({
        ...{ arn: z.string(), family: z.string(), host: z.string() },
        ...{ verdict, reason: reason.optional() },
        ...{ startedAt: at.nullable(), endedAt: at.nullable(), answeredAt: at.nullable() },
        fetchedAfterMs: ms.optional().describe('from queued until the agent had the query'),
        bySchedule: z.boolean().describe('whether a query scheduled every 60 s saw it'),
      }),
    })
    .describe('a task of the demo whose verdict changed'),
  z
    .strictObject({
      summary: z.array(
        z.strictObject({
          group: z.string(),
          ...{ tasks: count, started: count, seen: count, postMortem: count, neverStarted: count },
          ...{ missed: count, pending: count, bySchedule: count },
          ...{ share: z.number().nullable(), scheduleShare: z.number().nullable() },
          ...{ timeToAnswerMs: waits.optional(), timeToFetchMs: waits.optional() },
        }),
      ),
    })
    .describe('at the end of the demo'),
  z.strictObject({ usage: z.strictObject(counted) }).describe('what the run used; the last line'),
]);

/** What a local run and its commands print. */
export const LOCAL_OUTPUTS = {
  'cost --data': {
    prints: 'one document',
    schema: z.strictObject({
      ...counted,
      comparison: z.array(z.strictObject({ what: z.string(), measured: z.number(), estimated: z.number() })),
    }),
  },
  local: { prints: 'one document a line', schema: localLine },
  'local put-events': {
    prints: 'one document',
    schema: z.strictObject({
      accepted: count,
      unmatched: z.array(z.string()).describe('events that match no rule of the stack'),
    }),
  },
} as const satisfies Readonly<Record<string, JsonOutput>>;

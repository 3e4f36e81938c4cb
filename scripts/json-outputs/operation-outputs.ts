import * as z from 'zod';
import { anything, at, count, fleetIssue, type JsonOutput, moment } from './schemas.ts';

const dollars = z.number().describe('dollars');

const secretChange = z.strictObject({
  name: z.string(),
  arn: z.string(),
  rotated: z.boolean(),
  previousAccepted: z.boolean().describe('whether the value before is still accepted'),
});

const letter = {
  id: z.string(),
  queue: z.string().nullable().describe('the queue it came from; null if the message does not say'),
  sentAt: at,
  receives: count,
  event: z.strictObject({
    id: z.string().nullable(),
    source: z.string().nullable(),
    detailType: z.string().nullable(),
    about: z.string().nullable().describe('an ARN or an id'),
  }),
  failure: z
    .strictObject({ kind: z.enum(['undelivered', 'function']), error: z.string() })
    .nullable()
    .describe('null if the log no longer says why'),
};

/** The `--json` outputs of the commands that operate a Mayfly. */
export const OPERATION_OUTPUTS = {
  'node show': {
    prints: 'one document',
    schema: z.strictObject({
      host: z.string(),
      hostname: z.string(),
      platform: z.string(),
      osqueryVersion: z.string(),
      uuid: z.string().describe('of the hardware'),
      vendor: z.string(),
      agentInstance: z.string().describe("of osquery's database"),
      instance: z.string().nullable(),
      attested: z.boolean(),
      profile: z.string().nullable().describe('by the live policy; null if there is none'),
      enrolledAt: at,
      lastSeenAt: at,
      endedAt: at.nullable(),
      revokedAt: at.nullable(),
      otherAgents: z.array(z.string()).describe('second agents under the same identifier'),
      fleetIssues: z.array(fleetIssue),
    }),
  },
  'node revoke': {
    prints: 'one document',
    schema: z.strictObject({ host: z.string(), revoked: z.boolean(), otherAgents: z.array(z.string()) }),
  },
  doctor: {
    prints: 'one document',
    schema: z.strictObject({
      ok: z.boolean().describe('no check has the level FAIL'),
      checks: z.array(
        z.strictObject({
          area: z.string().describe('secret, path, queues, …'),
          level: z.enum(['OK', 'WARN', 'FAIL']),
          message: z.string(),
          next: z.string().nullable().describe('what to do'),
        }),
      ),
    }),
  },
  tail: { prints: 'one document a line', schema: moment },
  'secret status': {
    prints: 'one document',
    schema: z.array(
      z.strictObject({
        name: z.string(),
        arn: z.string(),
        currentSince: at.nullable(),
        previousFrom: at.nullable().describe('when the value before was made; null if none is accepted'),
        nodes: count.nullable().describe('nodes that enrolled with it; null for the key of node keys'),
      }),
    ),
  },
  'secret rotate': { prints: 'one document', schema: secretChange },
  'secret retire': { prints: 'one document', schema: secretChange },
  'dlq list': { prints: 'one document', schema: z.array(z.strictObject(letter)) },
  'dlq show': {
    prints: 'one document',
    schema: z.strictObject({ ...letter, body: z.union([anything, z.string()]).describe('the event as it arrived') }),
  },
  'dlq redrive': {
    prints: 'one document',
    schema: z.strictObject({ redriven: z.array(z.string()).describe('the ids of the dead letters') }),
  },
  'host lint': {
    prints: 'one document',
    schema: z.strictObject({
      file: z.string(),
      errors: count,
      problems: z.array(
        z.strictObject({
          severity: z.enum(['error', 'warning']),
          line: count.describe('0 if something is missing'),
          flag: z.string(),
          message: z.string(),
        }),
      ),
    }),
  },
  cost: {
    prints: 'one document',
    schema: z.strictObject({
      load: anything,
      asOf: z.string().describe('the date of the prices'),
      region: z.string(),
      lines: z.array(z.strictObject({ service: z.string(), what: z.string(), dollars })),
      total: dollars.describe('dollars a month'),
      usage: z.record(z.string(), z.number()),
      fleet: z.looseObject({ dollars }),
    }),
  },
} as const satisfies Readonly<Record<string, JsonOutput>>;

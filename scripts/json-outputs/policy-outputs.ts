import * as z from 'zod';
import { anything, at, count, type JsonOutput, texts } from './schemas.ts';

const problem = z.strictObject({
  severity: z.enum(['error', 'warning']),
  file: z.string(),
  line: count,
  column: count,
  message: z.string(),
  hint: z.string().optional(),
});

const importNote = z.strictObject({ file: z.string(), line: count, what: z.string(), why: z.string() });

const fieldChange = z.strictObject({
  field: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

const changeKind = z.enum(['added', 'removed', 'changed']);

const changes = z.strictObject({
  rules: z.array(
    z.strictObject({
      rule: z.string(),
      kind: changeKind,
      answers: z.string(),
      fields: z.array(fieldChange),
      queries: z.array(
        z.strictObject({
          query: z.string(),
          set: z.enum(['live', 'post-mortem']),
          kind: changeKind,
          sql: z.array(z.strictObject({ sign: z.enum([' ', '+', '-']), text: z.string() })),
          fields: z.array(fieldChange),
        }),
      ),
    }),
  ),
  profiles: z.array(z.strictObject({ profile: z.string(), kind: changeKind, fields: z.array(fieldChange) })),
  profileOrder: z.strictObject({ before: z.array(z.string()), after: z.array(z.string()) }).optional(),
  limits: z.array(fieldChange),
  isEmpty: z.boolean(),
});

const policyHead = {
  version: count,
  digest: z.string().describe('SHA-256 of the policy'),
  pushedAt: at,
  pushedBy: z.string(),
  message: z.string(),
};

const pushed = z.union([
  z.strictObject({ pushed: z.strictObject(policyHead), changes }).describe('it is live'),
  z.strictObject({ pushed: z.null(), live: count, changes }).describe('it was live already'),
  z
    .strictObject({ pushed: z.null(), live: count, expected: count, between: z.array(z.strictObject(policyHead)) })
    .describe('another version was pushed meanwhile'),
  z
    .strictObject({ pushed: z.null(), live: count, unconfirmed: z.array(z.string()) })
    .describe('it needs --yes, for these reasons'),
]);

/** The `--json` outputs of the commands about the policy. */
export const POLICY_OUTPUTS = {
  'policy init': {
    prints: 'one document',
    schema: z.strictObject({
      dir: z.string(),
      written: z.array(z.string()),
      kept: z.array(z.string()).describe('files that existed'),
    }),
  },
  'policy import': {
    prints: 'one document',
    schema: z.strictObject({
      source: z.string(),
      to: z.string(),
      written: z.array(z.string()),
      profiles: count,
      packs: count,
      scheduledQueries: count,
      requestRules: count,
      leftOut: z.array(importNote),
      changed: z.array(importNote),
      toDo: z.array(importNote),
      warnings: count,
    }),
  },
  'policy check': {
    prints: 'one document',
    schema: z.strictObject({ ok: z.boolean(), problems: z.array(problem) }),
  },
  'policy diff': {
    prints: 'one document',
    schema: z.strictObject({
      live: count.describe('the live version; 0 if there is none'),
      same: z.boolean(),
      changes,
    }),
  },
  'policy push': { prints: 'one document', schema: pushed },
  'policy rollback': { prints: 'one document', schema: pushed },
  'policy history': { prints: 'one document', schema: z.array(z.strictObject(policyHead)) },
  'policy show': {
    prints: 'one document',
    schema: z.strictObject({
      ...policyHead,
      policy: anything.describe('the compiled policy'),
      sources: texts.describe('its files'),
      live: z.boolean(),
      written: z.array(z.string()).optional().describe('with --files'),
    }),
  },
  'policy drift': {
    prints: 'one document',
    schema: z.array(
      z.strictObject({
        host: z.string(),
        profile: z.string(),
        expected: z.string().describe('a config hash'),
        reported: z.string().nullable(),
        state: z.enum(['current', 'drifted', 'unknown']),
      }),
    ),
  },
  'policy test': {
    prints: 'one document a line',
    schema: z.strictObject({
      file: z.string(),
      matches: z.array(
        z.strictObject({
          rule: z.string(),
          answers: z.string(),
          target: z.union([z.string(), anything]),
          host: z.string().optional(),
          hostProblem: z.string().optional(),
          priority: z.number(),
          expiresSeconds: z.number(),
          queries: z.array(
            z.strictObject({
              name: z.string(),
              set: z.string(),
              sql: z.string(),
              evidence: z.boolean(),
              problem: z.string().optional(),
              refused: z.array(z.string()).describe('ids that were left out'),
            }),
          ),
        }),
      ),
      queriesPerDelivery: count,
    }),
  },
  'policy replay': {
    prints: 'one document a line',
    schema: z.looseObject({
      kind: z.string().describe('queued, withdrawn, dropped, refused, no-host, unreadable or a log event'),
      file: z.string().describe('the file of the event that caused it'),
    }),
  },
} as const satisfies Readonly<Record<string, JsonOutput>>;

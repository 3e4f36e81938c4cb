import * as z from 'zod';
import type { Verdict } from '../lib/core/ledger/workload.ts';
import { linkTo } from './markdown.ts';

const at = z.iso.datetime().describe('ISO 8601 in UTC');
const ms = z.number().describe('milliseconds');
const count = z.int().min(0);
const texts = z.record(z.string(), z.string());

const VERDICTS = ['seen', 'post-mortem', 'missed', 'never-started', 'ignored', 'pending'] as const;
const verdict = z.enum(VERDICTS satisfies readonly Verdict['verdict'][]);
const reason = z.string().describe('why it was missed; docs/reference/verdicts.md lists the reasons');
const kind = z.enum(['ecs-task', 'ec2-instance']);

const percentiles = z.strictObject({ p50: ms, p95: ms, p99: ms, max: ms }).nullable();

const coverage = {
  workloads: count,
  verdicts: z.strictObject({
    seen: count,
    'post-mortem': count,
    missed: count,
    'never-started': count,
    ignored: count,
    pending: count,
  }),
  reasons: z.record(z.string(), count).describe('missed workloads by reason, the most frequent first'),
  share: z.number().nullable().describe('seen and post-mortem, of those and the missed; null without any'),
  timeToAnswerMs: percentiles,
};

const answers = { answers: count, timeToAnswerMs: percentiles };

const row = z.strictObject({
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

const subject = z.strictObject({
  name: z.string(),
  seen: z.enum(['alive', 'post-mortem', 'not seen', 'never started', 'not started yet', 'id unusable']),
  lastStatus: z.string().optional(),
  runtimeId: z.string().optional(),
  unsafeId: z.literal(true).optional(),
  essential: z.boolean().optional(),
  endedFirst: z.literal(true).optional(),
  image: z.string().optional(),
  imageDigest: z.string().optional(),
  exitCode: z.number().optional(),
  reason: z.string().optional(),
  command: z.string().optional(),
  startedAt: at.optional(),
  finishedAt: at.optional(),
});

const fleetIssue = z.strictObject({ kind: z.string(), since: at, detail: z.string(), advice: z.string() });

const answeredRow = { campaign: z.string(), host: z.string(), hostname: z.string(), answeredAt: at };

/** What a command prints with `--json`: how, and the schema of one document. */
interface JsonOutput {
  readonly prints: 'one document' | 'one document a line';
  readonly schema: z.ZodType;
}

/** The `--json` outputs with a published schema, by command. docs/reference/json.md is generated from this. */
export const JSON_OUTPUTS = {
  tasks: {
    prints: 'one document a line',
    schema: z.strictObject({
      workload: z.string().describe('the ARN of the task, or the id of the instance'),
      kind,
      verdict,
      reason: reason.nullable(),
      cluster: z.string().nullable(),
      family: z.string().nullable(),
      host: z.string().nullable(),
      firstEventAt: at,
      startedAt: at.nullable(),
      stoppedAt: at.nullable(),
      lastStatus: z.string(),
      ip: z.string().nullable(),
      containers: z.array(z.string()).describe('their names'),
    }),
  },
  task: {
    prints: 'one document',
    schema: z.strictObject({
      workload: z.string(),
      kind,
      verdict,
      reason: reason.optional(),
      lastStatus: z.string(),
      host: z.string().nullable(),
      firstDetectedBy: z.enum(['event', 'sweep']),
      identity: texts,
      instance: texts.nullable().describe('the instance it ran on'),
      timeline: z.array(
        z.strictObject({
          at: at.nullable().describe('null where the time is not recorded'),
          stage: z.string(),
          what: z.string(),
        }),
      ),
      subjects: z.array(subject).describe('its containers, or the instance itself'),
      rows: z.array(row).nullable().describe('the newest 20; null if they were not read'),
    }),
  },
  coverage: {
    prints: 'one document',
    schema: z.strictObject({
      since: at,
      at,
      ...coverage,
      clusters: z.array(z.strictObject({ cluster: z.string().nullable(), ...coverage })),
    }),
  },
  nodes: {
    prints: 'one document',
    schema: z.array(
      z.strictObject({
        host: z.string(),
        hostname: z.string().nullable(),
        platform: z.string().nullable(),
        profile: z.string().nullable(),
        osqueryVersion: z.string().nullable(),
        lastSeenAt: at.nullable().describe('null for a host that has fleet issues but no node'),
        fleetIssues: z.array(fleetIssue),
      }),
    ),
  },
  missed: {
    prints: 'one document',
    schema: z.array(
      z.strictObject({
        workload: z.string(),
        cluster: z.string().nullable(),
        host: z.string().nullable(),
        firstEventAt: at,
        reason,
        advice: z.string(),
      }),
    ),
  },
  mtta: {
    prints: 'one document',
    schema: z.strictObject({
      since: at,
      at,
      assumed: z.record(z.string(), z.number()).describe('the times that the bounds assume'),
      classes: z.array(
        z.strictObject({
          name: z.string(),
          inForce: z.boolean(),
          nodes: count,
          intervalSeconds: z.number(),
          isHeld: z.boolean(),
          boundsMs: z.strictObject({ idleMs: ms, hotMs: ms, unheardMs: ms, lateHintMs: ms.optional() }),
          late: count,
          ...answers,
        }),
      ),
      all: z.strictObject(answers),
      swept: z.strictObject(answers),
      launches: z.strictObject(answers),
      stages: z.strictObject({
        eventToReceivedMs: percentiles,
        receivedToQueuedMs: percentiles,
        queuedToDeliveredMs: percentiles,
        deliveredToAnsweredMs: percentiles,
        answeredToStoredMs: percentiles,
      }),
      late: z.array(
        z.strictObject({
          workload: z.string(),
          cluster: z.string().nullable(),
          host: z.string(),
          class: z.string(),
          eventAt: at,
          timeToAnswerMs: ms,
          lateByMs: ms,
          stage: z.string(),
        }),
      ),
    }),
  },
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
          expired: count,
          cancelled: count,
          refused: count,
          rows: count,
        }),
      }),
    ),
  },
} as const satisfies Readonly<Record<string, JsonOutput>>;

/** Removes what only the test needs: other members are no error for a reader, because later versions may add some. */
function loosen(json: z.core.JSONSchema.BaseSchema): void {
  if (json.additionalProperties === false) delete json.additionalProperties;
  if (json.format === 'date-time') delete json.pattern;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
}

/** JSON with the innermost objects and lists on one line each. */
const compact = (json: unknown): string =>
  JSON.stringify(json, null, 1).replace(/\{[^{}[\]]*\}|\[[^{}[\]]*\]/g, (inner) => inner.replace(/\n\s*/g, ' '));

/** The page docs/reference/json.md. */
export function jsonPage(): string {
  const parts = Object.entries<JsonOutput>(JSON_OUTPUTS).map(([command, { prints, schema }]) => {
    const { $schema: _, ...json } = z.toJSONSchema(schema, { override: ({ jsonSchema }) => loosen(jsonSchema) });
    return `## ${command}\n\n\`mayfly ${command} --json\` prints ${prints}.\n\n\`\`\`json\n${compact(json)}\n\`\`\`\n`;
  });
  return `# JSON output

Generated from the schemas by \`npm run docs\`; do not edit. JSON Schemas (draft 2020-12) of what commands print with \`--json\` on
standard output; tests compare both. Later versions may add members. ${linkTo('exit-codes', 'Errors and times')} are the same in
all commands.
Names and rows come from hosts and events: treat them as hostile text. Control and format characters are escaped.

${parts.join('\n')}`;
}

import * as z from 'zod';
import { KINDS } from '../lib/cli/logs/kinds.ts';
import type { Verdict } from '../lib/core/ledger/workload.ts';

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

const dollars = z.number().describe('dollars');
const anything = z.looseObject({});

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

const tenancy = z.strictObject({
  workload: z.string(),
  from: at,
  until: at.nullable().describe('null if no end is known'),
  cluster: z.string().nullable(),
  subnet: z.string().nullable(),
  mac: z.string().nullable(),
  taskDefinition: z.string().nullable().describe('<family>:<revision>'),
  host: z.string().nullable(),
  instance: texts.nullable().describe('the instance it ran on'),
  images: z.array(z.string()),
});

const answeredRow = { campaign: z.string(), host: z.string(), hostname: z.string(), answeredAt: at };

/** What a command prints with `--json`: how, and the schema of one document. */
export interface JsonOutput {
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
  who: {
    prints: 'one document',
    schema: z.strictObject({
      ip: z.string(),
      at,
      had: z.array(tenancy).describe('who had it then'),
      before: tenancy.nullable().describe('who had it last before, if none had it then'),
    }),
  },
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
  tail: {
    prints: 'one document a line',
    schema: z.strictObject({
      at,
      kind: z.enum(KINDS),
      event: z.string().describe('a log event; docs/reference/log-events.md lists them and their fields'),
      host: z.string().nullable(),
      what: z.string().describe('in a few words, for people'),
      fields: anything,
    }),
  },
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
  'cost --data': {
    prints: 'one document',
    schema: z.strictObject({
      startedAt: at,
      seconds: z.number(),
      front: z.enum(['serverless', 'service']),
      meanSeconds: z.record(z.string(), z.number()),
      operations: z.record(z.string(), z.number()),
      units: z.record(z.string(), z.number()),
      functions: z.record(z.string(), z.strictObject({ invocations: count, gbSeconds: z.number() })),
      firehose: z.strictObject({ requests: count, gb: z.number() }),
      busEvents: count,
      comparison: z.array(z.strictObject({ what: z.string(), measured: z.number(), estimated: z.number() })),
    }),
  },
  'local put-events': {
    prints: 'one document',
    schema: z.strictObject({
      accepted: count,
      unmatched: z.array(z.string()).describe('events that match no rule of the stack'),
    }),
  },
} as const satisfies Readonly<Record<string, JsonOutput>>;

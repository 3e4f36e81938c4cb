import * as z from 'zod';
import { at, count, fleetIssue, type JsonOutput, ms, reason, row, texts, verdict } from './schemas.ts';

const kind = z.enum(['ecs-task', 'ec2-instance']);

const percentiles = z.strictObject({ p50: ms, p95: ms, p99: ms, max: ms }).nullable();

const answers = { answers: count, timeToAnswerMs: percentiles };

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

/** The `--json` outputs of the commands that read the ledger and the node directory. */
export const LEDGER_OUTPUTS = {
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
  who: {
    prints: 'one document',
    schema: z.strictObject({
      ip: z.string(),
      at,
      had: z.array(tenancy).describe('who had it then'),
      before: tenancy.nullable().describe('who had it last before, if none had it then'),
    }),
  },
} as const satisfies Readonly<Record<string, JsonOutput>>;

import type { PolicyRule, PolicyVersion } from '../../lib/core/policy/policy.ts';
import { versionAfter } from '../../lib/core/policy/policy-version.ts';
import type { PendingQuery } from '../../lib/core/queue/pending-query.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };

/** Task family whose answer is larger than the front's limit. */
export const HEAVY = 'heavy';
/** Size of a row in bytes; exceeds the limit of the world's front, {@link FRONT_LIMIT_BYTES}. */
const HEAVY_BYTES = 320_000;
/** The largest body that the front accepts. Small, so that an oversized one costs little. */
export const FRONT_LIMIT_BYTES = 300_000;

/** Marks the rows of post-mortem queries, which otherwise look like rows of a running container. */
const AFTER_END = '1 AS after_end';

/** Returns whether this SQL proves that the containers it returns are alive. */
export const isLiveProof = (sql: string): boolean =>
  /^SELECT id, name, image\b.* FROM docker_containers WHERE id IN \(/.test(sql) && !sql.includes(AFTER_END);

/** Builds one query of a backlog. Each query merges with no other. */
export const questionOf = (n: number, host: string, nowMs: number): PendingQuery => ({
  queryId: `deluge ${host} ${n}`,
  host,
  priority: 5,
  rule: 'deluge',
  query: `question-${n}`,
  set: 'request',
  sql: `SELECT ${n} AS question, unix_time FROM time`,
  bindings: {},
  subjects: [],
  decorations: {},
  subjectDecorations: {},
  triggeredAtMs: nowMs,
  receivedAtMs: nowMs,
  queuedAtMs: nowMs,
  expiresAtMs: nowMs + 3_600_000,
});

const heavyRule: PolicyRule = {
  name: 'heavy',
  answers: 'What does not fit through the front?',
  on: { event: { source: ['aws.ecs'], detail: { lastStatus: ['RUNNING'], group: [`family:${HEAVY}`] } } },
  target: 'ecs-task-host',
  priority: 3,
  lastGasp: false,
  expiresSeconds: 600,
  accelerateSeconds: 300,
  queries: [
    {
      name: 'weight',
      sql: `SELECT id, hex(zeroblob(${HEAVY_BYTES / 2})) AS weight FROM docker_containers WHERE id IN (:containers)`,
      bind: { containers: 'detail.containers[].runtimeId' },
    },
  ],
  postMortem: [],
  postMortemExpiresSeconds: 600,
};

/**
 * The built-in policy with a heavy rule, an agent configuration that costs little to simulate, and marked post-mortems.
 *
 * @param queriesPerDelivery maximum number of queries per delivery
 */
export const worldPolicy = (queriesPerDelivery: number): PolicyVersion =>
  versionAfter(0, {
    policy: {
      ...builtIn.policy,
      limits: { ...builtIn.policy.limits, queriesPerDelivery },
      rules: [
        ...builtIn.policy.rules.map((rule) => ({
          ...rule,
          postMortem: rule.postMortem.map((query) => ({
            ...query,
            sql: query.sql.replace('SELECT id', `SELECT id, ${AFTER_END}`),
          })),
        })),
        heavyRule,
      ],
      profiles: [
        {
          name: 'default',
          config: {
            options: {
              disable_distributed: false,
              distributed_interval: 10,
              logger_tls_period: 10,
              logger_min_status: 1,
            },
            schedule: { pulse: { query: 'SELECT unix_time FROM time', interval: 60, snapshot: true } },
          },
        },
      ],
    },
    sources: {},
    message: 'the policy of a world',
    pushedBy: 'a seed',
    pushedAtMs: 0,
  });

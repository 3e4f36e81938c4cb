import * as z from 'zod';
import { PlatformName } from '../osquery/specs.ts';
import { Duration, DurationOrZero } from './duration.ts';
import { Match } from './match.ts';

/** Names are used in ids, file names and columns of results. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
export const Name = z.string().regex(NAME, 'must be a name: lower-case letters, digits, - and _, at most 64');

/** JMESPath is parsed recursively, so the length is limited. */
const Expression = z.string().min(1, 'must not be empty').max(500);
/** No longer than the longest SQL that a host is sent (binding.ts). */
export const Sql = z.string('must be SQL').regex(/\S/, 'must not be empty').max(65_536);

export const Query = z
  .strictObject({
    sql: Sql.describe(
      'One SELECT. `:name` is replaced by the value of `bind`; use a list as `IN (:name)`. There is no other templating.',
    ),
    bind: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a placeholder name'), Expression)
      .describe('Placeholder → JMESPath over the trigger that yields a text, a number or a list of them.')
      .optional(),
    evidence: z
      .string()
      .min(1)
      .describe('The column that names what was seen: a container id or an instance id. Coverage is based on it.')
      .optional(),
    alive: z
      .record(z.string().min(1), z.array(z.string().min(1)).min(1, 'must name at least one value'))
      .describe('One column → its values for which a row counts as seen alive. Default: every row does.')
      .optional(),
    discovery: Sql.describe(
      'SQL that must return a row, or the node skips the query; skips are not reported.',
    ).optional(),
  })
  .describe('A query.');

const Queries = z.record(Name, Query);
const Pattern = z.record(z.string(), z.unknown());

const On = z
  .strictObject({
    event: Pattern.describe("An event, in EventBridge's pattern language.").optional(),
    enrollment: z
      .union([z.literal(true), Match], 'must be true or conditions on the node')
      .describe('A node enrolls; each query is queued once for each enrollment. `true` means every node.')
      .optional(),
    log: z
      .strictObject({
        query: z
          .string()
          .min(1)
          .describe("Glob on the scheduled query's name; a pack's is `pack/<pack>/<query>`, with `pack_delimiter`."),
        columns: Pattern.describe("A pattern over the row's columns, in EventBridge's pattern language.").optional(),
        action: z
          .array(z.enum(['added', 'removed', 'snapshot']))
          .min(1, 'must name at least one')
          .describe('`added`, `removed` or `snapshot`. Default: all.')
          .optional(),
      })
      .describe("A row of that node's own scheduled results. Bindings see `{query, action, columns}`.")
      .optional(),
    request: Name.describe('A request by this name, from the CLI or a custom event `Mayfly Query Request`.').optional(),
  })
  .describe('The trigger: exactly one of these.');

const TargetText = z
  .union(
    [
      z.enum(['ecs-task-host', 'ec2-instance', 'finding-host', 'same-node']),
      z.strictObject({ host: Expression.describe('JMESPath over the trigger that yields one host.') }),
      z.strictObject({ 'hosts-where': Match }),
    ],
    'must be ecs-task-host, ec2-instance, finding-host, same-node, {host: …} or {hosts-where: …}',
  )
  .describe(
    'How the trigger names its host: `ecs-task-host` (behind the task), `ec2-instance` (the one the event names), ' +
      '`finding-host` (those of the instance, task or attack sequence that a GuardDuty finding is about, where Mayfly knows ' +
      'them), `same-node` (that enrolled or logged the row, the default there), `{host: <JMESPath>}` or `{hosts-where: <match>}`.',
  );

export const Rule = z
  .strictObject({
    rule: Name.describe('Its name, unique in the policy. It is in every result.'),
    answers: z
      .string()
      .trim()
      .min(1, 'must say which question the rule answers')
      .max(200)
      .regex(/^[^\n]*$/, 'must be one line')
      .describe('The question it answers, in one line.'),
    on: On,
    target: TargetText.optional(),
    platforms: z
      .array(PlatformName)
      .min(1, 'must name at least one')
      .describe(
        'Platforms of its hosts. Default: the `platform` of `hosts-where` or `enrollment`, else ' +
          '`linux`. A host is only asked questions whose tables its platform has.',
      )
      .optional(),
    priority: z
      .int()
      .min(0)
      .max(9)
      .describe(
        '0 is delivered first, 9 last. Last gasps come before all others. Queries with `evidence` have reserved room; within one priority they come first.',
      )
      .default(5),
    expires: Duration.describe('The queries are never delivered later than this after the trigger.').default('10m'),
    'last-gasp': z
      .boolean()
      .describe(
        'Asks when an end is announced, even about workloads already seen: a task that will be stopped, an instance ' +
          'that will be terminated. The queries are never delivered after the deadline of the event.',
      )
      .default(false),
    accelerate: DurationOrZero.describe('How long the agent polls every 5 s.').default(0),
    queries: Queries.describe('Name → query; by default a delivery carries three with `evidence` and three others.'),
    'post-mortem': Queries.describe(
      'Asked instead if the task stopped before it was seen; only with target `ecs-task-host`.',
    ).optional(),
    'post-mortem-expires': Duration.describe(
      'Expiry of the post-mortem queries. By default, ECS removes stopped containers after 3 h.',
    ).default('3h'),
  })
  .describe('Which trigger asks which queries of which hosts.');

export type RuleText = z.infer<typeof Rule>;
export type QueryText = z.infer<typeof Query>;

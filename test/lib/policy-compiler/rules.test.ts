import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy-compiler/index.ts';
import { aPolicy, aProfile, aRule, aTaskRule, problemsOf } from './a-policy.ts';

const problemsOfRule = (fields: string, query?: string) => problemsOf({ 'rules/a.yaml': aRule(fields, query) });

describe('a valid rule', () => {
  it('is compiled with durations in seconds and defaults filled in', () => {
    const { policy, problems } = compilePolicy(
      aPolicy({ 'rules/a.yaml': aRule('expires: 3h\naccelerate: 90s\npriority: 2') }),
    );
    expect(problems).toEqual([]);
    expect(policy?.rules).toEqual([
      {
        name: 'uptime',
        answers: 'Since when does it run?',
        on: { enrollment: true },
        target: 'same-node',
        priority: 2,
        expiresSeconds: 10_800,
        accelerateSeconds: 90,
        lastGasp: false,
        queries: [{ name: 'first', sql: 'SELECT total_seconds FROM uptime', bind: {} }],
        postMortem: [],
        postMortemExpiresSeconds: 10_800,
      },
    ]);
  });

  it('accepts evidence, and the values that mean alive', () => {
    const sets = `queries:
  container:
    sql: SELECT id, state FROM docker_containers WHERE id IN (:ids)
    bind: { ids: 'detail.containers[].runtimeId' }
    evidence: id
    alive: { state: [running, paused] }`;
    const { policy, problems } = compilePolicy(aPolicy({ 'rules/a.yaml': aTaskRule(sets) }));
    expect(problems).toEqual([]);
    expect(policy?.rules[0]?.queries[0]).toMatchObject({
      bind: { ids: 'detail.containers[].runtimeId' },
      evidence: { column: 'id', alive: { column: 'state', oneOf: ['running', 'paused'] } },
    });
  });

  it.each([
    [
      'target: { hosts-where: { platform: amzn, seen_within: 10m } }',
      { 'hosts-where': { platform: ['amzn'], seenWithinSeconds: 600 } },
    ],
    ['target: { host: columns.host }', { host: 'columns.host' }],
    ['target: same-node', 'same-node'],
  ])('may select its hosts by %s', (target, compiled) => {
    const { policy, problems } = compilePolicy(aPolicy({ 'rules/a.yaml': aRule(target) }));
    expect(problems).toEqual([]);
    expect(policy?.rules[0]?.target).toEqual(compiled);
  });
});

describe('an invalid rule', () => {
  it.each([
    ['prioritty: 3', 'error rules/a.yaml:7:3 unknown key "prioritty" (did you mean "priority"?)'],
    ['postMortem: {}', 'error rules/a.yaml:7:3 unknown key "postMortem" (did you mean "post-mortem"?)'],
    ['zzz: 1', expect.stringContaining('unknown key "zzz" (known here: rule, answers, on, target')],
    ['priority: 12', 'error rules/a.yaml:7:13 priority: must be at most 9'],
    ['priority: high', 'error rules/a.yaml:7:13 priority: must be a whole number'],
    ['expires: 10 minutes', expect.stringContaining('7:12 expires: must be a duration')],
    ['expires: 0s', expect.stringContaining('7:12 expires: must be a duration')],
    ['rule: Has Spaces', expect.stringContaining('rule: must be a name')],
    ['on: { enrolment: true }', 'error rules/a.yaml:6:9 unknown key "enrolment" (did you mean "enrollment"?)'],
    ['target: ecs-host', expect.stringContaining('7:11 target: must be ecs-task-host, ec2-instance')],
    [
      'target: { hosts-were: { platform: amzn } }',
      'error rules/a.yaml:7:13 unknown key "hosts-were" (did you mean "hosts-where"?)',
    ],
    [
      'target: { hosts-where: { platfrom: amzn } }',
      'error rules/a.yaml:7:28 unknown key "platfrom" (did you mean "platform"?)',
    ],
    ['on: { enrollment: {} }', expect.stringContaining('must name at least one condition')],
    ['answers: ""', expect.stringContaining('answers: must say which question the rule answers')],
    ['answers: "two\\nlines"', expect.stringContaining('answers: must be one line')],
  ])('%s: %s', (fields, problem) => {
    expect(problemsOfRule(fields)).toEqual([problem]);
  });

  it('reports missing fields', () => {
    expect(problemsOf({ 'rules/a.yaml': '- rule: x\n  on: { enrollment: true }\n  queries: {}\n' })).toEqual([
      'error rules/a.yaml:1:3 "answers" is missing',
    ]);
  });

  it('reports that rules must be a list', () => {
    expect(problemsOf({ 'rules/a.yaml': 'rule: x\n' })).toEqual([
      expect.stringContaining('1:1 must be a list of rules'),
    ]);
  });

  it('reports all problems at once, including those of its SQL', () => {
    expect(problemsOfRule('prioritty: 3\nexpires: soon', 'sql: SELECT nme FROM processes')).toEqual([
      expect.stringContaining('6:19 no such column: nme (did you mean name?)'),
      expect.stringContaining('unknown key "prioritty"'),
      expect.stringContaining('expires: must be a duration'),
    ]);
  });

  it('does not prevent checks of the other rules in its file', () => {
    const files = { 'rules/a.yaml': `${aRule('prioritty: 3')}${aRule('rule: b', 'sql: SELECT nme FROM processes')}` };
    expect(problemsOf(files)).toHaveLength(2);
  });
});

describe('names', () => {
  it('are unique: rules, across files', () => {
    expect(problemsOf({ 'rules/b.yaml': aRule() })).toEqual([
      'error rules/b.yaml:1:9 there is already a rule "uptime" (the other is at rules/a.yaml:1:9)',
    ]);
  });

  it('are unique: queries of a rule', () => {
    const queries = 'queries:\n  a: { sql: SELECT 1 }\n  a: { sql: SELECT 2 }';
    expect(problemsOfRule(queries)).toEqual([
      expect.stringContaining('rules/a.yaml:6:5 not valid YAML: Map keys must be unique'),
    ]);
  });
});

describe('a trigger', () => {
  const event = (pattern: string) => `target: ec2-instance\non:\n  event:\n    ${pattern}`;

  it.each([
    ['on: { enrollment: true, request: x }', expect.stringContaining('here enrollment and request')],
    ['on: {}', expect.stringContaining('"on" is exactly one of event, enrollment, log, request; here none')],
    ['on: { request: x }', expect.stringContaining('the rule "uptime" names no target')],
    ['on: { request: x }\ntarget: same-node', expect.stringContaining('this trigger has none')],
    ['target: ec2-instance', expect.stringContaining('ec2-instance needs an event that names an instance')],
    ['target: ecs-task-host', expect.stringContaining('ecs-task-host needs an event about a task')],
    ['target: { host: "detail[" }', expect.stringContaining('not JMESPath: it ends too early')],
    [
      event('{ source: [aws.ecs] }').replace('ec2-instance', 'ecs-task-host'),
      expect.stringContaining('ecs-task-host needs an event about a task'),
    ],
    ['target: finding-host', expect.stringContaining('finding-host needs an event about a GuardDuty finding')],
    [
      event('{ source: [aws.guardduty] }').replace('ec2-instance', 'finding-host'),
      expect.stringContaining('finding-host needs an event about a GuardDuty finding'),
    ],
    [
      event('{ source: [aws.guardduty, mine], detail-type: [GuardDuty Finding] }').replace(
        'ec2-instance',
        'finding-host',
      ),
      expect.stringContaining('finding-host needs an event about a GuardDuty finding'),
    ],
  ])('%s', (fields, problem) => {
    expect(problemsOfRule(fields)).toEqual([problem]);
  });

  it.each([
    [
      '{ source: [aws.ec2], detail: { state: [{ prefx: run }] } }',
      ':55 AWS would refuse this pattern: unknown operator "prefx"',
    ],
    ['{ source: aws.ec2 }', ':17 AWS would refuse this pattern: must be an object or an array of allowed values'],
    ['{ source: [] }', ':17 AWS would refuse this pattern: an empty array is not allowed'],
    ["{ detail: { a.b: [{ numeric: ['>', x] }] } }", 'AWS would refuse this pattern: the number to compare with'],
    ['{}', ':7 AWS would refuse this pattern: an empty object is not allowed'],
  ])('with a pattern that AWS would reject is rejected at its position: %s', (pattern, problem) => {
    expect(problemsOfRule(event(pattern))).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    [
      '{ source: [aws.ec2], detail-type: [EC2 Instance State-change Notificaton] }',
      '"EC2 Instance State-change Notificaton" is not a value that AWS sends here (did you mean "EC2 Instance State-change Notification"?)',
    ],
    [
      '{ source: [aws.ec2], detail-type: [EC2 Instance State-change Notification], detail: { state: [running, runing] } }',
      '"runing" is not a value that AWS sends here (did you mean "running"?)',
    ],
  ])('with a misspelt value causes a warning: %s', (pattern, problem) => {
    expect(problemsOfRule(event(pattern))).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ['{ sorce: [aws.ec2] }', '"sorce" at its top level: the rule is never triggered (did you mean "source"?)'],
    [
      '{ source: [aws.ec2], detailtype: [x] }',
      '"detailtype" at its top level: the rule is never triggered (did you mean "detail-type"?)',
    ],
    [
      '{ source: [aws.ec2], state: [running] }',
      '"state" at its top level: the rule is never triggered (an event has version, id,',
    ],
    ['{ $or: [{ source: [a] }, { sourc: [b] }] }', '9:34 no event has "sourc" at its top level'],
    ['{ detials.state: [running] }', 'no event has "detials" at its top level'],
  ])('with a field outside the envelope causes a warning: %s', (pattern, problem) => {
    expect(problemsOfRule(event(pattern))).toEqual([expect.stringContaining(problem)]);
  });

  it('may match every field of an envelope, by path and in alternatives too', () => {
    const all =
      "{ version: ['0'], id: [x], detail-type: [x], source: [x], account: [x], time: [x], region: [x], resources: [x], " +
      '$or: [{ detail: { a: [x] } }, { detail.b: [x] }] }';
    expect(problemsOfRule(event(all))).toEqual([]);
  });

  it('on rows matches columns, which have their own names', () => {
    const rows = `${aRule()}${aRule('rule: b\non: { log: { query: starts, columns: { sorce: [x] } } }')}`;
    const config = `profile: default\noptions: { logger_tls_max_lines: 1 }\nschedule:\n  starts: { query: SELECT pid FROM process_events, interval: 60 }\n`;
    expect(problemsOf({ 'rules/a.yaml': rows, 'config/default.yaml': config })).toEqual([]);
  });

  it('on a log name that no profile schedules causes a warning', () => {
    const log = (query: string) => ({
      'rules/a.yaml': `${aRule()}${aRule(`rule: b\non: { log: { query: ${query} } }`)}`,
      'config/default.yaml': `profile: default\noptions: { logger_tls_max_lines: 1 }\nschedule:\n  starts: { query: SELECT pid FROM process_events, interval: 60 }\n`,
    });
    expect(problemsOf(log('starts'))).toEqual([]);
    expect(problemsOf(log('st*'))).toEqual([]);
    expect(problemsOf(log('strats'))).toEqual([
      expect.stringContaining('logs as "strats": the rule is never triggered (did you mean "starts"?)'),
    ]);
  });
});

describe('a policy that would silence everything', () => {
  it.each([
    ['has no rule', '[]', 'the policy has no rule: it would silence everything'],
    ['has rules without a query', aRule('queries: {}'), 'no rule of the policy can ever send a query'],
    [
      'has rules on values that AWS never sends',
      aTaskRule('queries: { a: { sql: SELECT 1 } }').replace('[RUNNING]', '[RUNING]'),
      'no rule of the policy can ever send a query',
    ],
  ])('%s: a warning, not an error', (_, rules, problem) => {
    const { problems, policy } = compilePolicy(aPolicy({ 'rules/a.yaml': rules }));
    expect(problems).toContainEqual(
      expect.objectContaining({ severity: 'warning', message: expect.stringContaining(problem) }),
    );
    expect(policy).toBeDefined();
  });
});

describe('a post-mortem set', () => {
  it('is only for tasks', () => {
    expect(problemsOfRule('post-mortem: { a: { sql: SELECT 1 } }')).toEqual([
      'error rules/a.yaml:7:3 post-mortem is for tasks: the target must be ecs-task-host',
    ]);
  });
});

describe('the platforms of a rule', () => {
  const query = (fields: string, sql: string) =>
    compilePolicy(aPolicy({ 'rules/a.yaml': aRule(fields, `sql: ${sql}`) })).policy?.rules[0]?.queries[0]?.platforms;
  const problems = (fields: string, sql: string) => problemsOf({ 'rules/a.yaml': aRule(fields, `sql: ${sql}`) });

  it('default to Linux', () => {
    expect(problems('', 'SELECT name FROM programs')).toEqual([
      expect.stringContaining('programs is a table of Windows, not of Linux'),
    ]);
    expect(problems('platforms: [windows]', 'SELECT name FROM programs')).toEqual([]);
    expect(problems('on: { enrollment: { platform: windows } }', 'SELECT name FROM programs')).toEqual([]);
    expect(problems('platforms: [macos]', 'SELECT 1 AS a')).toEqual([expect.stringContaining('must be one of linux')]);
  });

  it('may be several, each with its own queries', () => {
    expect(problems('platforms: [linux, windows]', 'SELECT name FROM programs')).toEqual([]);
    expect(problems('platforms: [linux, windows]', 'SELECT name FROM launchd')).not.toEqual([]);
    expect(problems('platforms: [linux, windows]', 'SELECT nme FROM programs')).toEqual([
      expect.stringContaining('no such column: nme (did you mean name?)'),
    ]);
  });

  it('combine with the tables of a query to decide which hosts get it', () => {
    expect(query('', 'SELECT pid FROM processes')).toBeUndefined();
    expect(query('', 'SELECT name FROM deb_packages')).toEqual(['linux']);
    expect(query('', 'SELECT id FROM docker_containers')).toEqual(['linux', 'darwin']);
    expect(query('platforms: [linux, windows]', 'SELECT pid FROM processes')).toEqual(['linux', 'windows']);
    expect(query('platforms: [linux, windows]', 'SELECT name FROM programs')).toEqual(['windows']);
  });
});

describe('a part that can never match', () => {
  const task = (detail: string, bind: string) =>
    problemsOf({
      'rules/a.yaml': `- rule: task
  answers: What runs?
  on: { event: { source: [aws.ecs], detail-type: [ECS Task State Change], detail: { ${detail} } } }
  target: ecs-task-host
  queries: { a: { sql: 'SELECT id FROM docker_containers WHERE id IN (:ids)', bind: { ids: '${bind}' } } }
`,
    });

  it('is a field that no event of the kind has', () => {
    expect(task('taskFamily: [api]', 'detail.containers[].runtimeId')).toEqual([
      expect.stringContaining('no event of this kind has detail.taskFamily'),
    ]);
    expect(task('lastStatus: [RUNNING], containers: { name: [api] }', 'detail.containers[].runtimeId')).toEqual([]);
  });

  it('is a binding of such a field', () => {
    expect(task('lastStatus: [RUNNING]', 'detail.container[].runtimeId')).toEqual([
      expect.stringContaining('no event of this kind has detail.container: nothing is bound'),
    ]);
  });

  it('is a profile after another one that takes every node it matches', () => {
    const profile = (name: string, order: number, match: string) =>
      aProfile(`order: ${order}\nmatch: { ${match} }`).replace('default', name);
    const files = (wide: string, narrow: string) => ({
      'config/wide.yaml': profile('wide', 1, wide),
      'config/narrow.yaml': profile('narrow', 2, narrow),
    });
    expect(problemsOf(files('hostname: "db-*"', 'hostname: db-7, platform: amzn'))).toEqual([
      expect.stringContaining('"narrow" is never used: "wide" comes first'),
    ]);
    expect(problemsOf(files('hostname: "db-*", platform: amzn', 'hostname: db-7'))).toEqual([]);
    expect(problemsOf(files('hostname: db-7', 'hostname: "db-*"'))).toEqual([]);
  });
});

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { evaluate } from '../../../lib/core/policy/evaluate.ts';
import { matchNode } from '../../../lib/core/policy/match-node.ts';
import type { Policy, PolicyRule } from '../../../lib/core/policy/policy.ts';
import { compilePolicy, readPolicyFolder } from '../../../lib/policy-compiler/index.ts';
import { fixture } from '../../support/fixtures.ts';

const FOLDER = join(import.meta.dirname, '../../../policy');
const { policy, problems } = compilePolicy(readPolicyFolder(FOLDER));
const rules = policy?.rules ?? [];
const rule = (name: string): PolicyRule => {
  const found = rules.find((one) => one.name === name);
  if (!found) throw new Error(`the default policy has no rule ${name}`);
  return found;
};

describe('the default policy', () => {
  it('has no problem', () => {
    expect(problems).toEqual([]);
    expect(policy).toBeDefined();
  });

  it('describes in one line which question each rule answers', () => {
    for (const { answers } of rules) expect(answers).toMatch(/^[A-Z][^\n]*\?$/);
  });

  it('queries a running task in one delivery', () => {
    const { queries, postMortem } = rule('ecs-task-running');
    expect(queries.map(({ name }) => name)).toEqual(['container', 'processes', 'surroundings']);
    expect(queries.length).toBeLessThanOrEqual(policy?.limits.queriesPerDelivery ?? 0);
    expect(postMortem.map(({ name }) => name)).toEqual(['container', 'mounts']);
  });

  it('treats a container as alive by its state, and as dead by its row alone', () => {
    const { queries, postMortem } = rule('ecs-task-running');
    expect(queries[0]?.evidence).toEqual({
      column: 'id',
      alive: { column: 'state', oneOf: ['running', 'paused', 'restarting'] },
    });
    expect(postMortem[0]?.evidence).toEqual({ column: 'id' });
  });

  it.each([
    ['05-ecs-task-ec2-running.json', ['ecs-task-running']],
    ['04-ecs-task-ec2-activating.json', []],
    ['19-ec2-instance-state-change-running.json', ['ec2-launched']],
    ['22-asg-instance-launch-successful.json', ['ec2-launched']],
    ['25-guardduty-finding-ec2-instance.json', ['guardduty-host']],
    ['26-guardduty-finding-eks-runtime.json', ['guardduty-host', 'guardduty-process', 'guardduty-container']],
    ['30-ecr-image-action-push.json', []],
  ])('matches %s with the rules %j', (file, names) => {
    const evaluation = evaluate(policy as Policy, fixture(Number.parseInt(file, 10)));
    expect(evaluation.matches.map((match) => match.rule)).toEqual(names);
    expect(evaluation.matches.flatMap(({ queries }) => queries.flatMap(({ problem }) => problem ?? []))).toEqual([]);
  });

  it.each([
    ['12-ecs-task-fargate-spot-interrupted.json', ['fargate-task-last-gasp last-gasp', 'fargate-task-running live']],
    ['20-ec2-spot-interruption-warning.json', ['ec2-last-gasp last-gasp']],
    ['21-ec2-rebalance-recommendation.json', ['ec2-last-gasp last-gasp']],
    ['24-asg-terminate-lifecycle-action.json', ['ec2-last-gasp last-gasp']],
    ['23-asg-launch-lifecycle-action.json', []],
  ])('matches %s, which reports an end, with %j', (file, sets) => {
    const { matches } = evaluate(policy as Policy, fixture(Number.parseInt(file, 10)));
    expect(matches.map((match) => `${match.rule} ${match.queries[0]?.set}`)).toEqual(sets);
    for (const { rule, priority, expiresSeconds } of matches.filter(({ rule }) => rule.endsWith('last-gasp')))
      expect([rule, priority, expiresSeconds]).toEqual([rule, 0, 120]);
  });

  it('queries a task at its last gasp in one delivery, and accepts a row of its container as evidence', () => {
    const { queries, lastGasp, postMortem } = rule('ecs-task-last-gasp');
    expect(lastGasp).toBe(true);
    expect(postMortem).toEqual([]);
    expect(queries.map(({ name }) => name)).toEqual(['container', 'processes', 'sockets']);
    expect(queries.flatMap(({ evidence }) => evidence?.column ?? [])).toEqual(['id']);
    expect(queries[1]?.sql).toContain('cmdline');
  });

  it('accepts the identity an instance reports at its last gasp', () => {
    const { queries, lastGasp } = rule('ec2-last-gasp');
    expect(lastGasp).toBe(true);
    expect(queries.flatMap(({ name, evidence }) => (evidence ? [[name, evidence]] : []))).toEqual([
      ['instance', { column: 'instance_id' }],
    ]);
  });

  it('sends five queries at enrollment, about EC2 only if the hardware is of EC2', () => {
    const { queries } = rule('enrollment-identity');
    expect(queries.map(({ name }) => name)).toEqual(['ec2', 'agent', 'system', 'interfaces', 'docker']);
    expect(queries[0]?.discovery).toContain("hardware_vendor = 'Amazon EC2'");
  });

  it('queries Docker on the same node after an audited start of a container', () => {
    const { on, target, queries } = rule('docker-start-seen');
    expect(on).toMatchObject({ log: { query: 'pack/container-events/container_starts' } });
    expect(target).toBe('same-node');
    expect(queries[0]?.sql).toContain('FROM docker_containers');
  });

  it('makes nodes poll every ten seconds, with bodies that the front accepts', () => {
    expect(policy?.profiles.at(-1)).toMatchObject({
      name: 'default',
      config: {
        options: {
          disable_distributed: false,
          distributed_interval: 10,
          logger_tls_max_lines: 256,
          logger_tls_max_linesize: 16_384,
        },
      },
    });
  });

  it.each([
    ['IP', 'AS ip FROM interface_addresses'],
    ['hostname', 'hostname'],
    ['device hash and UUID', 'AS device_hash'],
    ['MAC and interfaces', 'AS interfaces FROM interface_details'],
    ['instance metadata', 'CROSS JOIN ec2_instance_metadata'],
    ['instance tags', 'CROSS JOIN ec2_instance_tags'],
    ['labels of images', 'AS docker_image_labels'],
    ['hashes of images', 'AS docker_image_hashes'],
  ])('decorates with %s', (_, part) => {
    expect(JSON.stringify(policy?.profiles[0]?.config.decorators)).toContain(part);
  });

  it('is the same, byte for byte, for any order of its files', () => {
    const files = [...readPolicyFolder(FOLDER)];
    expect(JSON.stringify(compilePolicy(new Map(files.reverse())).policy)).toBe(JSON.stringify(policy));
  });
});

describe('the examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mayfly-policy-'));
  let withAll: Policy | undefined;

  beforeAll(() => {
    cpSync(FOLDER, folder, { recursive: true });
    cpSync(join(FOLDER, 'examples'), folder, { recursive: true });
    const compiled = compilePolicy(readPolicyFolder(folder));
    expect(compiled.problems).toEqual([expect.objectContaining({ message: 'no profile uses the pack "persistence"' })]);
    withAll = compiled.policy;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are all listed in their README', () => {
    const readme = readFileSync(join(FOLDER, 'examples/README.md'), 'utf8');
    const files = readdirSync(join(FOLDER, 'examples'), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => /\.(ya?ml|conf)$/.test(name))) expect(readme).toContain(`\`${file}\``);
  });

  it('configure read-only database hosts differently, as in the talk: db-01-ro-…', () => {
    const node = { hostIdentifier: 'i-1', hostname: 'db-01-ro-us-east-1' };
    const chosen = (facts: typeof node) =>
      withAll?.profiles.find(({ match }) => !match || matchNode(match, facts))?.name;
    expect(chosen(node)).toBe('db-read-only');
    expect(chosen({ ...node, hostname: 'db-01-rw-us-east-1' })).toBe('default');
  });
});

import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy-compiler/index.ts';
import { aPolicy, aRule, problemsOf } from './a-policy.ts';

const problemsOfRule = (fields: string) => problemsOf({ 'rules/a.yaml': aRule(fields) });

describe('a last-gasp rule', () => {
  const lastGasp = (event: string, target: string) => `last-gasp: true\non: { event: ${event} }\ntarget: ${target}`;
  const task = '{ source: [aws.ecs], detail-type: [ECS Task State Change], detail: { lastStatus: [RUNNING] } }';
  const spot = '{ source: [aws.ec2], detail-type: [EC2 Spot Instance Interruption Warning] }';
  const hook = '{ source: [aws.autoscaling], detail-type: [EC2 Instance-terminate Lifecycle Action] }';

  it.each([
    [task, 'ecs-task-host'],
    [spot, 'ec2-instance'],
    [hook, 'ec2-instance'],
    [`{ $or: [${spot}, ${hook}] }`, 'ec2-instance'],
  ])('requires an event that announces an end: %s', (event, target) => {
    expect(problemsOfRule(lastGasp(event, target))).toEqual([]);
    const { policy } = compilePolicy(aPolicy({ 'rules/a.yaml': aRule(lastGasp(event, target)) }));
    expect(policy?.rules[0]).toMatchObject({ lastGasp: true });
  });

  it.each([
    ['last-gasp: true', 'error rules/a.yaml:7:3 last-gasp needs an event that announces an end'],
    ['last-gasp: true\non: { log: { query: q } }', 'last-gasp needs an event that announces an end'],
    [
      'last-gasp: true\non: { request: ask }\ntarget: { host: detail.host }',
      'last-gasp needs an event that announces an end',
    ],
    [lastGasp(spot, '{ host: \'detail."instance-id"\' }'), 'the target must be ecs-task-host or ec2-instance'],
    [lastGasp(spot, '{ hosts-where: { platform: amzn } }'), 'the target must be ecs-task-host or ec2-instance'],
    [
      lastGasp('{ source: [aws.ec2], detail-type: [EC2 Instance State-change Notification] }', 'ec2-instance'),
      'last-gasp on an instance needs an event that announces its end (detail-type: one of EC2 Spot',
    ],
    [lastGasp('{ source: [aws.ec2] }', 'ec2-instance'), 'an event that announces its end'],
    [
      `${lastGasp(task, 'ecs-task-host')}\npost-mortem: { a: { sql: SELECT total_seconds FROM uptime } }`,
      'a last-gasp rule asks before the end: post-mortem is for another rule',
    ],
  ])('is rejected without such an event: %s', (fields, problem) => {
    expect(problemsOfRule(fields)).toContainEqual(expect.stringContaining(problem));
  });
});

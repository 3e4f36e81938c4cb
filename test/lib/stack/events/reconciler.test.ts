import { describe, expect, it } from '@jest/globals';
import { readEnv, scopeIn } from '../../../../lambdas/reconcile/env.ts';
import type { MayflyProps } from '../../../../lib/stack/mayfly-props.ts';
import { customTemplate, EXPECTED } from '../shared-templates.ts';
import { functionNamed, mayflyTemplate, resourcesOf, type Template } from '../template.ts';

interface Schedule {
  ScheduleExpression?: string;
  State: string;
  Targets: { Arn: unknown; RetryPolicy?: { MaximumRetryAttempts?: number } }[];
}
const schedulesOf = (template: Template) =>
  resourcesOf<Schedule>(template, 'AWS::Events::Rule').filter(([id]) => id.startsWith('MayflyReconciler'));

describe('the reconciler', () => {
  const template = mayflyTemplate();
  const [id, fn] = functionNamed(template, 'reconcile');

  it('starts every minute, and ends before the next start', () => {
    expect(schedulesOf(template).map(([, rule]) => rule)).toEqual([
      expect.objectContaining({
        ScheduleExpression: 'rate(1 minute)',
        State: 'ENABLED',
        Targets: [expect.objectContaining({ Arn: { 'Fn::GetAtt': [id, 'Arn'] } })],
      }),
    ]);
    expect(fn.Timeout).toBeLessThan(60);
  });

  it('has no retry and no dead-letter queue: the next sweep does the work', () => {
    const [rule] = schedulesOf(template);
    expect(rule?.[1].Targets[0]?.RetryPolicy?.MaximumRetryAttempts).toBe(0);
    const invokes = resourcesOf<{ FunctionName: unknown }>(template, 'AWS::Lambda::EventInvokeConfig');
    expect(invokes.map(([, config]) => config)).toContainEqual(
      expect.objectContaining({ FunctionName: { Ref: id }, MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }),
    );
  });

  it('uses the interval and the patience with new instances that the app sets', () => {
    const other = customTemplate();
    expect(schedulesOf(other)[0]?.[1].ScheduleExpression).toBe('rate(5 minutes)');
    expect(functionNamed(other, 'reconcile')[1].Environment.Variables.NO_AGENT_AFTER_SECONDS).toBe('900');
  });

  it('gets where agents are expected, and may list the clusters that say so', () => {
    const limited = customTemplate();
    const variables = functionNamed(limited, 'reconcile')[1].Environment.Variables;
    const { EXPECT_AGENTS, NO_AGENT_AFTER_SECONDS, SWEEP_EVERY_SECONDS } = variables as Record<string, string>;
    const env = { EXPECT_AGENTS, NO_AGENT_AFTER_SECONDS, SWEEP_EVERY_SECONDS, TABLE_NAME: 't', BUS_NAME: 'b' };
    expect(scopeIn(readEnv(env))).toEqual({
      ...EXPECTED,
      tags: { team: ['db'] },
    });
    const granted = JSON.stringify(Object.values(limited.Resources));
    expect(granted).toMatch(
      /"ecs:ListContainerInstances","Effect":"Allow","Resource":{"Fn::Join":\[[^\]]*cluster\/prod"/,
    );
    expect(JSON.stringify(template)).not.toContain('ListContainerInstances');
  });

  it.each([
    [{}, 'it needs a part that is not empty, of tags, vpcs, clusters'],
    [{ vpcs: [] }, 'it needs a part that is not empty'],
    [{ vpc: ['vpc-0a1b2c3d'] }, 'has a part vpc: it has to be of tags, vpcs, clusters'],
    [{ vpcs: ['prod'] }, "expectAgents.vpcs: 'prod' is wrong: it has to have ids such as vpc-"],
    [{ clusters: ['arn:aws:ecs:eu-west-1:111122223333:cluster/prod'] }, 'names of ECS clusters, not their ARNs'],
    [{ tags: { team: [] } }, "expectAgents.tags: 'team' has no name or no value"],
  ])('refuses to expect agents at %j', (expectAgents, message) => {
    expect(() => mayflyTemplate({ expectAgents } as MayflyProps)).toThrow(message);
  });
});

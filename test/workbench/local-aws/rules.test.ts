import { describe, expect, it } from '@jest/globals';
import { LocalFunction } from '../../../workbench/local-aws/functions/functions.ts';
import { createRules, readSchedules } from '../../../workbench/local-aws/rules.ts';
import { readTemplate } from '../../../workbench/local-aws/template/template.ts';
import { aFolder } from '../../support/folder.ts';

const STACK = { stackName: 'Stack', account: '111122223333', region: 'eu-west-1' };
const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:sweep';
const fn = new LocalFunction(
  {
    ...{ name: 'sweep', arn: FUNCTION, folder: aFolder(), handler: 'index.handler', environment: {} },
    ...{ timeoutSeconds: 1, memoryMb: 128, logFile: 'unused', concurrency: 1 },
  },
  () => undefined,
);
const functions = new Map([[FUNCTION, fn]]);

const resourcesOf = (Properties: object) =>
  readTemplate({ Resources: { Tick: { Type: 'AWS::Events::Rule', Properties } } }, STACK).resources;
const schedulesOf = (Properties: object) => readSchedules({ ...STACK, resources: resourcesOf(Properties) }, functions);
const target = (more = {}) => ({ Targets: [{ Id: 'a', Arn: FUNCTION, ...more }] });
const EVERY_MINUTE = { ScheduleExpression: 'rate(1 minute)' };

describe('a rule with a schedule', () => {
  it('targets functions, with the input of each target', () => {
    const RetryPolicy = { MaximumRetryAttempts: 0 };
    const [schedule] = schedulesOf({ ...EVERY_MINUTE, ...target({ RetryPolicy, DeadLetterConfig: { Arn: 'arn:q' } }) });
    const ruleArn = 'arn:aws:events:eu-west-1:111122223333:rule/Stack-Tick';
    const place = { account: '111122223333', region: 'eu-west-1' };
    expect(schedule).toEqual({ ruleArn, ...place, everyMs: 60_000, targets: [{ fn }] });
    const [other] = schedulesOf({ ...EVERY_MINUTE, EventBusName: 'default', ...target({ Input: '{"full":true}' }) });
    expect(other?.targets).toEqual([{ fn, input: '{"full":true}' }]);
  });

  it('does nothing while it is disabled, and is not a rule on events', () => {
    expect(schedulesOf({ ...EVERY_MINUTE, ...target(), State: 'DISABLED' })).toEqual([]);
    expect(createRules(resourcesOf({ ...EVERY_MINUTE, ...target() }), new Map())).toEqual([]);
  });

  it.each<[string, object, string]>([
    [
      'at times of the day',
      { ScheduleExpression: 'cron(0 12 * * ? *)', ...target() },
      'the schedule cron(0 12 * * ? *) is not implemented locally',
    ],
    [
      'in a unit that AWS does not have',
      { ScheduleExpression: 'rate(1 minutes)', ...target() },
      'AWS would refuse the schedule rate(1 minutes)',
    ],
    [
      'together with a pattern',
      { ...EVERY_MINUTE, EventPattern: { source: ['a'] }, ...target() },
      'a pattern beside a schedule is not implemented locally',
    ],
    [
      'on another bus',
      { ...EVERY_MINUTE, EventBusName: 'mine', ...target() },
      'AWS would refuse a schedule on another bus than the default one',
    ],
    [
      'with another target than a function',
      { ...EVERY_MINUTE, Targets: [{ Id: 'a', Arn: 'arn:queue' }] },
      'the target arn:queue is no function of this template: not implemented locally',
    ],
    ['with an input that is not JSON', { ...EVERY_MINUTE, ...target({ Input: '{' }) }, 'AWS would refuse the input: '],
  ])('is rejected by name: %s', (_, properties, reason) => {
    expect(() => schedulesOf(properties)).toThrow(
      expect.objectContaining({
        name: 'LocalError',
        message: expect.stringContaining(`Tick (AWS::Events::Rule): ${reason}`),
      }),
    );
  });
});

describe('a rule with a pattern', () => {
  it.each<[string, object, string]>([
    [
      'whose target is a function',
      target(),
      `the target ${FUNCTION} is no queue of this template: not implemented locally`,
    ],
    [
      'that gives its queue an input',
      { Targets: [{ Id: 'a', Arn: 'arn:queue', Input: '{}' }] },
      'an input for a queue is not implemented locally',
    ],
  ])('is rejected by name: %s', (_, targets, reason) => {
    const queues = new Map([['arn:queue', {} as never]]);
    expect(() => createRules(resourcesOf({ EventPattern: { source: ['a'] }, ...targets }), queues)).toThrow(
      `Tick (AWS::Events::Rule): ${reason}`,
    );
  });
});

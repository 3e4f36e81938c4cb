import {
  AutoScalingClient,
  AutoScalingServiceException,
  CompleteLifecycleActionCommand,
  DescribeLifecycleHooksCommand,
} from '@aws-sdk/client-auto-scaling';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { SHORT_TIMEOUTS } from '../../../../lib/aws/calls/timeouts.ts';
import { AutoScalingHooks } from '../../../../lib/aws/triggers/lifecycle-hooks.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const client = new AutoScalingClient({ region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const api = mockClient(client);
const TOKEN = 'f55568da-68d3-fbe1-029c-20c9a0d4dee7';
const ACTION = { group: 'g', hook: 'mayfly-last-gasp', instanceId: 'i-1', token: TOKEN };

let nowMs = T0;
let hooks: AutoScalingHooks;
beforeEach(() => {
  api.reset();
  nowMs = T0;
  hooks = new AutoScalingHooks(() => nowMs, client);
});

const refusal = (name: string, message: string) =>
  new AutoScalingServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400 } });
const inputs = () => api.calls().map(({ args }) => args[0].input);

describe('completing a lifecycle action', () => {
  beforeEach(() => {
    api.on(CompleteLifecycleActionCommand).resolves({});
  });

  it('lets the group continue, using the action token', async () => {
    expect(await hooks.complete(ACTION)).toBe('completed');
    expect(inputs()).toEqual([
      {
        ...{ AutoScalingGroupName: 'g', LifecycleHookName: 'mayfly-last-gasp' },
        ...{ LifecycleActionResult: 'CONTINUE', LifecycleActionToken: TOKEN },
      },
    ]);
  });

  it('uses the instance id if there is no token', async () => {
    const { token: _, ...action } = ACTION;
    expect(await hooks.complete(action)).toBe('completed');
    expect(inputs()).toEqual([expect.objectContaining({ InstanceId: 'i-1' })]);
    expect(inputs()[0]).not.toHaveProperty('LifecycleActionToken');
  });

  it('uses the instance id if the token is refused', async () => {
    const refused = refusal('ValidationError', 'Invalid lifecycle action token');
    api.on(CompleteLifecycleActionCommand, { LifecycleActionToken: TOKEN }).rejects(refused);
    expect(await hooks.complete(ACTION)).toBe('completed');
    expect(inputs()).toEqual([
      expect.objectContaining({ LifecycleActionToken: TOKEN }),
      expect.objectContaining({ InstanceId: 'i-1' }),
    ]);
    const { instanceId: _, ...unnamed } = ACTION;
    await expect(hooks.complete(unnamed)).rejects.toThrow('Invalid lifecycle action token');
  });

  it.each([
    ['it was completed before, or its heartbeat is over', 'No active Lifecycle Action found with token f55568da'],
    ['the group is gone', "AutoScalingGroup name not found - AutoScalingGroup 'g' not found"],
  ])('counts as done if %s', async (_, message) => {
    api.on(CompleteLifecycleActionCommand).rejects(refusal('ValidationError', message));
    expect(await hooks.complete(ACTION)).toBe('over');
  });

  it.each([
    ['ValidationError', 'The result must be CONTINUE or ABANDON'],
    ['AccessDenied', 'not allowed; role not found'],
    ['ResourceContention', 'another operation is in progress'],
  ])('throws if the action was not completed: %s', async (name, message) => {
    api.on(CompleteLifecycleActionCommand).rejects(refusal(name, message));
    await expect(hooks.complete(ACTION)).rejects.toThrow(message);
  });
});

describe('the heartbeat timeout of a hook', () => {
  const FOUND = [{ LifecycleHookName: 'mayfly-last-gasp', HeartbeatTimeout: 120 }];
  beforeEach(() => {
    api.on(DescribeLifecycleHooksCommand).resolves({ LifecycleHooks: FOUND });
  });

  it('is the value in the group, requested for this hook', async () => {
    expect(await hooks.heartbeatSeconds('グループ', 'mayfly-last-gasp')).toBe(120);
    expect(inputs()).toEqual([{ AutoScalingGroupName: 'グループ', LifecycleHookNames: ['mayfly-last-gasp'] }]);
  });

  it('is requested once in five minutes per hook and group', async () => {
    for (const group of ['g', 'g', 'h', 'g']) await hooks.heartbeatSeconds(group, 'mayfly-last-gasp');
    expect(api.calls()).toHaveLength(2);
    nowMs += 5 * MINUTE;
    await hooks.heartbeatSeconds('g', 'mayfly-last-gasp');
    expect(api.calls()).toHaveLength(3);
  });

  it('is unknown if the hook does not exist', async () => {
    expect(await hooks.heartbeatSeconds('g', 'another')).toBeUndefined();
  });

  it('throws if Auto Scaling refuses to answer, and is requested again', async () => {
    const throttled = refusal('Throttling', 'Rate exceeded');
    api.on(DescribeLifecycleHooksCommand).rejectsOnce(throttled).resolves({ LifecycleHooks: FOUND });
    await expect(hooks.heartbeatSeconds('g', 'mayfly-last-gasp')).rejects.toThrow('Rate exceeded');
    expect(await hooks.heartbeatSeconds('g', 'mayfly-last-gasp')).toBe(120);
  });
});

it('a hanging call is aborted: by default the SDK only logs a warning', () => {
  const { connectionTimeout, requestTimeout, throwOnRequestTimeout } = SHORT_TIMEOUTS.requestHandler;
  expect(throwOnRequestTimeout).toBe(true);
  // Three attempts and their pauses fit into the shortest margin before the end of a heartbeat.
  expect(3 * (connectionTimeout + requestTimeout)).toBeLessThan(11_000);
});

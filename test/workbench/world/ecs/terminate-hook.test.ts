import { describe, expect, it } from '@jest/globals';
import { HOUR, MINUTE, SECOND } from '../world.ts';
import { aDoomedHost, HOOK } from './a-doomed-host.ts';

describe('a terminate hook', () => {
  const complete = { AutoScalingGroupName: HOOK.autoScalingGroup, LifecycleHookName: HOOK.hookName };

  it('holds the host until it is completed', async () => {
    const { clock, cluster, host, diary } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { hook: HOOK });
    await clock.advance(30 * SECOND);
    expect(cluster.ec2.stateOf(host)).toBe('running');
    expect(cluster.autoScaling.actions).toMatchObject([{ instanceId: host.instanceId }]);
    expect(cluster.autoScaling.actions[0]).not.toHaveProperty('end');
    const input = { ...complete, InstanceId: host.instanceId, LifecycleActionResult: 'CONTINUE' };
    await expect(cluster.autoScaling.api('CompleteLifecycleAction', input)).resolves.toEqual({});
    const completedAtMs = clock.now();
    await clock.advance(MINUTE);
    await ended;
    expect(diary().slice(0, 2)).toEqual(['0 EC2 Instance-terminate Lifecycle Action', '30 EC2 Instance shutting-down']);
    const [action] = cluster.autoScaling.actions;
    expect(action?.end).toEqual({ atMs: completedAtMs, by: 'completion', result: 'CONTINUE' });
    expect(action?.heartbeatEndsAtMs).toBe((action?.startedAtMs ?? 0) + 300_000);
  });

  it('releases it when the heartbeat ends, with the result ABANDON', async () => {
    const { clock, cluster, host, diary } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { hook: HOOK });
    await clock.advance(10 * MINUTE);
    await ended;
    expect(diary()[1]).toBe('300 EC2 Instance shutting-down');
    const [action] = cluster.autoScaling.actions;
    expect(action?.end).toEqual({ atMs: action?.heartbeatEndsAtMs, by: 'heartbeat', result: 'ABANDON' });
  });

  it('releases a Spot instance before its two minutes end, if it is completed', async () => {
    const { clock, cluster, host, diary } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { spot: true, hook: HOOK });
    await clock.advance(20 * SECOND);
    const LifecycleActionToken = cluster.autoScaling.actions[0]?.token;
    cluster.autoScaling.completeLifecycleAction({
      ...complete,
      LifecycleActionToken,
      LifecycleActionResult: 'ABANDON',
    });
    await clock.advance(MINUTE);
    await ended;
    expect(diary()[2]).toBe('20 EC2 Instance shutting-down');
  });

  it('stops an instance that moves to a warm pool: it stays in the cluster, shown as stopped', async () => {
    const { clock, cluster, host, task, diary, story, ofType } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { hook: { ...HOOK, heartbeatSeconds: 30, destination: 'WarmPool' } });
    await clock.advance(2 * HOUR);
    await ended;
    expect(diary()).toEqual([
      '0 EC2 Instance-terminate Lifecycle Action',
      '30 EC2 Instance stopping',
      '32 ECS Container Instance ACTIVE',
      '50 EC2 Instance stopped',
      '53 ECS Task STOPPED',
      '53 ECS Container Instance ACTIVE',
    ]);
    expect(ofType('EC2 Instance-terminate Lifecycle Action')[0]?.detail).toMatchObject({ Destination: 'WarmPool' });
    expect(story(task.arn).at(-1)).toHaveProperty('stoppedReason', `Host EC2 (instance ${host.instanceId}) stopped.`);
    expect(cluster.ec2.stateOf(host)).toBe('stopped');
  });

  it.each([
    [{ InstanceId: 'i-1' }, 'No active Lifecycle Action found with instance ID i-1'],
    [{ LifecycleActionToken: 't' }, 'No active Lifecycle Action found with token t'],
    [{ InstanceId: 'i-1', LifecycleHookName: 'other' }, 'No active Lifecycle Action found with instance ID i-1'],
    [{ InstanceId: 'i-1', LifecycleActionResult: 'PERHAPS' }, 'Lifecycle Action Result PERHAPS is not valid'],
    [{}, 'Either a lifecycle action token or an instance ID is required'],
  ])('is not completed by %j', async (input, message) => {
    const { cluster } = await aDoomedHost();
    const asked = { ...complete, LifecycleActionResult: 'CONTINUE', ...input };
    await expect(cluster.autoScaling.api('CompleteLifecycleAction', asked)).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining(message),
    });
  });

  it('is completed once', async () => {
    const { clock, cluster, host } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { hook: HOOK });
    const input = { ...complete, InstanceId: host.instanceId, LifecycleActionResult: 'CONTINUE' };
    cluster.autoScaling.completeLifecycleAction(input);
    const again = `No active Lifecycle Action found with instance ID ${host.instanceId}`;
    expect(() => cluster.autoScaling.completeLifecycleAction(input)).toThrow(again);
    await clock.advance(MINUTE);
    await ended;
    expect(() => cluster.autoScaling.completeLifecycleAction(input)).toThrow(again);
    expect(cluster.autoScaling.calls.get('CompleteLifecycleAction')).toBe(3);
  });

  it('is described, even before an instance waits', async () => {
    const { cluster } = await aDoomedHost();
    const AutoScalingGroupName = HOOK.autoScalingGroup;
    const describeHooks = (input: object) => cluster.autoScaling.api('DescribeLifecycleHooks', input);
    await expect(describeHooks({ AutoScalingGroupName })).rejects.toMatchObject({ name: 'ValidationError' });
    cluster.autoScaling.putHook(HOOK);
    cluster.autoScaling.putHook({ ...HOOK, hookName: 'other', heartbeatSeconds: 7200 });
    const described = {
      AutoScalingGroupName,
      LifecycleHookName: HOOK.hookName,
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      HeartbeatTimeout: 300,
      GlobalTimeout: 30_000,
      DefaultResult: 'ABANDON',
    };
    const LifecycleHookNames = [HOOK.hookName];
    expect(await describeHooks({ AutoScalingGroupName, LifecycleHookNames })).toEqual({ LifecycleHooks: [described] });
    expect(await describeHooks({ AutoScalingGroupName })).toMatchObject({
      LifecycleHooks: [described, { LifecycleHookName: 'other', GlobalTimeout: 172_800 }],
    });
    await expect(cluster.autoScaling.api('PutLifecycleHook', {})).rejects.toThrow('does not answer PutLifecycleHook');
  });
});

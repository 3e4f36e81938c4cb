import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUTO_SCALING_VERSION, autoScalingService } from '../../../../workbench/local-aws/services/auto-scaling.ts';
import type { AwsApi } from '../../../../workbench/local-aws/services/aws-world.ts';
import { type Served, serve } from '../serve.ts';

const ACTION = {
  AutoScalingGroupName: 'workers & co',
  LifecycleHookName: 'drain',
  LifecycleActionResult: 'CONTINUE',
  LifecycleActionToken: '8f0c6f5e-0000-4000-8000-000000000000',
};

let api: AwsApi | undefined;
let asked: unknown[] = [];
let server: Served;
beforeAll(async () => {
  const { answer, refusal } = autoScalingService((...call) => {
    asked.push(call);
    return (api ?? (async () => undefined))(...call);
  });
  server = await serve({ query: { [AUTO_SCALING_VERSION]: { answer, refusal } } });
});
afterAll(() => server.close());

const client = () => server.client(AutoScalingClient);

describe('Auto Scaling', () => {
  it.each<[string, unknown]>([
    ['an empty answer', {}],
    ['no answer', undefined],
  ])('completes a lifecycle action with %s', async (_, answer) => {
    asked = [];
    api = async () => answer;
    const { $metadata, ...output } = await client().send(new CompleteLifecycleActionCommand(ACTION));
    expect([output, asked]).toEqual([{}, [['CompleteLifecycleAction', ACTION]]]);
  });

  it('describes the hooks of a group', async () => {
    const hook = {
      AutoScalingGroupName: 'workers & co',
      LifecycleHookName: 'drain <1>',
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      HeartbeatTimeout: 300,
      GlobalTimeout: 30_000,
      DefaultResult: 'ABANDON',
    };
    api = async () => ({ LifecycleHooks: [hook, { ...hook, LifecycleHookName: 'other' }] });
    const { LifecycleHooks } = await client().send(
      new DescribeLifecycleHooksCommand({ AutoScalingGroupName: 'workers' }),
    );
    expect(LifecycleHooks).toEqual([hook, { ...hook, LifecycleHookName: 'other' }]);
  });

  it.each([[{}], [{ LifecycleHookNames: [] }], [{ LifecycleHookNames: ['a', 'b'] }]])(
    'passes the request of the SDK on to the simulated account: %j',
    async (names) => {
      asked = [];
      api = async () => ({ LifecycleHooks: [] });
      const input = { AutoScalingGroupName: 'workers', ...names };
      expect((await client().send(new DescribeLifecycleHooksCommand(input))).LifecycleHooks).toEqual([]);
      expect(asked).toEqual([['DescribeLifecycleHooks', input]]);
    },
  );

  it('has no groups without an account', async () => {
    const empty = await serve({ query: { [AUTO_SCALING_VERSION]: autoScalingService() } });
    const hooks = new DescribeLifecycleHooksCommand({ AutoScalingGroupName: 'workers' });
    expect((await empty.client(AutoScalingClient).send(hooks)).LifecycleHooks).toEqual([]);
    const complete = (which: object) =>
      empty
        .client(AutoScalingClient)
        .send(new CompleteLifecycleActionCommand({ ...ACTION, LifecycleActionToken: undefined, ...which }));
    await expect(complete({ LifecycleActionToken: 't-1' })).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'No active Lifecycle Action found with token t-1',
    });
    await expect(complete({ InstanceId: 'i-1' })).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'No active Lifecycle Action found with instance ID i-1',
    });
    await empty.close();
  });

  it.each<[string, string, number]>([
    ['ValidationError', 'No active Lifecycle Action found with token <t>', 400],
    ['Throttling', 'Rate exceeded', 400],
    ['ResourceContention', 'busy', 500],
  ])('returns the error %s with its message', async (name, message, statusCode) => {
    api = async () => {
      throw Object.assign(new Error(message), { name, statusCode });
    };
    await expect(client().send(new CompleteLifecycleActionCommand(ACTION))).rejects.toMatchObject({
      Error: { Code: name, Type: statusCode < 500 ? 'Sender' : 'Receiver' },
      message,
      $metadata: { httpStatusCode: statusCode },
    });
  });

  it('makes the SDK throw an error with its name, and modelled exceptions with theirs', async () => {
    const nameOf = async (code: string) => {
      api = async () => {
        throw Object.assign(new Error('no'), { name: code });
      };
      return client()
        .send(new CompleteLifecycleActionCommand(ACTION))
        .catch((error) => error.name);
    };
    expect(await nameOf('ValidationError')).toBe('ValidationError');
    expect(await nameOf('ResourceContention')).toBe('ResourceContentionFault');
  });

  it('names an operation that it does not implement', async () => {
    await expect(client().send(new DescribeAutoScalingGroupsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'autoscaling DescribeAutoScalingGroups is not implemented locally',
    });
  });
});

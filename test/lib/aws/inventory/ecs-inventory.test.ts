import {
  DescribeTasksCommand,
  ECSClient,
  ECSServiceException,
  ListClustersCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { metered } from '../../../../lib/aws/calls/metered.ts';
import { EcsInventory } from '../../../../lib/aws/inventory/ecs-inventory.ts';
import { OutOfBudget, Spend } from '../../../../lib/core/reconcile/spend.ts';
import { taskEvent } from '../../../../lib/core/reconcile/synthetic.ts';
import { parseEvent } from '../../../../lib/core/triggers/parse.ts';
import { SCOPE } from '../../../support/a-sweeper.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const client = new ECSClient({ region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const ecs = mockClient(client);
let spend: Spend;
let inventory: EcsInventory;
beforeEach(() => {
  ecs.reset();
  spend = new Spend(
    () => T0,
    async () => {},
  );
  spend.begin(T0 + MINUTE);
  inventory = new EcsInventory(client, metered(spend, 'tasks'));
});

const refusal = (name: string, attempts = 1): ECSServiceException =>
  new ECSServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode: 400, attempts } });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Lists 250 tasks in pages; rejects an unknown token. */
function pages(): void {
  ecs.on(ListTasksCommand).callsFake(async ({ nextToken }) => {
    const page = nextToken === undefined ? 0 : Number(/^t([12])$/.exec(nextToken)?.[1] ?? 'NaN');
    if (Number.isNaN(page)) throw refusal('InvalidParameterException');
    return {
      $metadata: { attempts: 1 },
      taskArns: [`${page}-first`, `${page}-last`],
      nextToken: page < 2 ? `t${page + 1}` : undefined,
    };
  });
}

describe('clusters', () => {
  it('are listed page by page', async () => {
    ecs
      .on(ListClustersCommand, { maxResults: 100 })
      .resolves({ $metadata: { attempts: 1 }, clusterArns: ['a', 'b'], nextToken: 'more' })
      .on(ListClustersCommand, { nextToken: 'more' })
      .resolves({ $metadata: { attempts: 1 }, clusterArns: ['c'] });
    expect(await all(inventory.clusters())).toEqual(['a', 'b', 'c']);
    expect(spend.calls).toEqual({ ListClusters: 2 });
  });
});

describe('tasks of a cluster', () => {
  it('are listed by desired status, a hundred per page, each page with its continuation token', async () => {
    pages();
    expect(await all(inventory.tasks('c', 'STOPPED'))).toEqual([
      { arns: ['0-first', '0-last'], next: 't1' },
      { arns: ['1-first', '1-last'], next: 't2' },
      { arns: ['2-first', '2-last'] },
    ]);
    expect(ecs.commandCalls(ListTasksCommand)[0]?.args[0].input).toEqual({
      cluster: 'c',
      desiredStatus: 'STOPPED',
      maxResults: 100,
    });
    expect(spend.calls).toEqual({ ListTasks: 3 });
  });

  it('resume where the previous sweep stopped', async () => {
    pages();
    expect(await all(inventory.tasks('c', 'RUNNING', 't2'))).toEqual([{ arns: ['2-first', '2-last'] }]);
  });

  it('start over if ECS rejects the continuation token', async () => {
    pages();
    expect(await all(inventory.tasks('c', 'RUNNING', 'of yesterday'))).toHaveLength(3);
  });

  it('are an empty list if the cluster does not exist', async () => {
    ecs.on(ListTasksCommand).rejects(refusal('ClusterNotFoundException'));
    ecs.on(DescribeTasksCommand).rejects(refusal('ClusterNotFoundException'));
    expect(await all(inventory.tasks('c', 'RUNNING'))).toEqual([]);
    expect(await inventory.describe('c', ['x'])).toEqual([]);
  });

  it.each(['AccessDeniedException', 'InvalidParameterException', 'ServerException'])(
    'are unknown after %s',
    async (name) => {
      ecs.on(ListTasksCommand).rejects(refusal(name));
      await expect(all(inventory.tasks('c', 'RUNNING'))).rejects.toMatchObject({ name });
    },
  );
});

describe('a described task', () => {
  it('reads like its event: both give the same task', async () => {
    const event = fixture(5);
    const { detail } = event;
    // The SDK's own types: every time is a Date, and a network interface has another name.
    const task = withDates({
      ...detail,
      attachments: (detail.attachments as { type: string }[]).map((one) =>
        one.type === 'eni' ? { ...one, type: 'ElasticNetworkInterface' } : one,
      ),
    });
    ecs.on(DescribeTasksCommand).resolves({ $metadata: { attempts: 1 }, tasks: [task as object], failures: [] });
    const [described] = await inventory.describe('c', [String(detail.taskArn)]);
    const swept = parseEvent(taskEvent(String(detail.taskArn), described, Date.parse(event.time), SCOPE), 'sweep');
    const fromEvent = parseEvent(event as AnyEvent);
    if (swept.kind !== 'task' || fromEvent.kind !== 'task') throw new Error('no task');
    expect(swept.event.task).toEqual(fromEvent.event.task);
    expect(swept.event).toMatchObject({
      detectedBy: 'sweep',
      occurredAtMs: fromEvent.event.occurredAtMs,
      region: 'us-east-1',
    });
    expect((described as { attachments: unknown }).attachments).toEqual(detail.attachments);
    expect(described).toMatchObject({ createdAt: new Date(String(detail.createdAt)).toISOString() });
  });

  it('is left out if ECS has forgotten it', async () => {
    ecs
      .on(DescribeTasksCommand)
      .resolves({ $metadata: { attempts: 1 }, tasks: [], failures: [{ arn: 'x', reason: 'MISSING' }] });
    expect(await inventory.describe('c', ['x'])).toEqual([]);
  });
});

describe('throttling', () => {
  it('ends the sweep, and the retries of the SDK are counted', async () => {
    ecs.on(DescribeTasksCommand).rejects(refusal('ThrottlingException', 2));
    await expect(inventory.describe('c', ['x'])).rejects.toThrow(OutOfBudget);
    expect([spend.calls, spend.throttled]).toEqual([{ DescribeTasks: 2 }, true]);
    await expect(all(inventory.clusters())).rejects.toThrow(OutOfBudget);
    expect(ecs.commandCalls(ListClustersCommand)).toHaveLength(0);
  });
});

const withDates = (value: unknown): unknown => {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return new Date(value);
  if (Array.isArray(value)) return value.map(withDates);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withDates(entry)]));
};

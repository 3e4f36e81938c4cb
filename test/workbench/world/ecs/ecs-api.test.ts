import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from '@jest/globals';
import { EcsApiError, type SimulatedCluster } from '../../../../workbench/world/index.ts';
import { HOUR, MINUTE, SECOND } from '../world.ts';
import { aCluster, SERVICE, SLEEPY, type TaskDetail } from './a-cluster.ts';

/** Every ARN of a listing, across all pages. */
function listed(cluster: SimulatedCluster, request: { desiredStatus?: string; maxResults?: number } = {}): string[] {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = cluster.listTasks({ cluster: 'demo', ...request, nextToken });
    arns.push(...page.taskArns);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return arns;
}

describe('ListTasks of the simulated cluster', () => {
  it('lists the tasks that should run, pending ones included, and with STOPPED the others', async () => {
    const { clock, cluster } = await aCluster();
    const [running, stopping] = [cluster.runTask(SERVICE), cluster.runTask(SERVICE)];
    await clock.advance(MINUTE);
    stopping.stop();
    await clock.settle();
    const pending = cluster.runTask(SERVICE);
    expect(stopping.lastStatus).toBe('RUNNING');
    expect(listed(cluster)).toEqual([running.arn, pending.arn]);
    expect(listed(cluster, { desiredStatus: 'PENDING' })).toEqual([]);
    expect(listed(cluster, { desiredStatus: 'STOPPED' })).toEqual([stopping.arn]);
  });

  it('lists a stopped task for an hour', async () => {
    const { clock, cluster, story } = await aCluster();
    const task = cluster.runTask(SLEEPY);
    await clock.advance(MINUTE);
    const { stoppedAt } = story(task.arn).at(-1) as TaskDetail & { stoppedAt: string };
    await clock.advance(Date.parse(stoppedAt) + HOUR - clock.now() - 1);
    expect(listed(cluster, { desiredStatus: 'STOPPED' })).toEqual([task.arn]);
    expect(cluster.describeTasks({ cluster: 'demo', tasks: [task.arn] }).tasks).toHaveLength(1);
    await clock.advance(1);
    expect(listed(cluster, { desiredStatus: 'STOPPED' })).toEqual([]);
    expect(cluster.describeTasks({ cluster: 'demo', tasks: [task.arn] })).toEqual({
      tasks: [],
      failures: [{ arn: task.arn, reason: 'MISSING' }],
    });
  });

  it('has pages without gaps or repeats, even if tasks start and end between them', async () => {
    const { clock, cluster } = await aCluster({ hosts: 10 });
    const tasks = Array.from({ length: 250 }, () => cluster.runTask(SERVICE));
    await clock.advance(MINUTE);
    const first = cluster.listTasks({ cluster: cluster.arn });
    expect(first.taskArns).toHaveLength(100);
    for (const task of tasks.slice(0, 50)) task.stop();
    await clock.advance(MINUTE);
    const late = cluster.runTask(SERVICE);
    const rest: string[] = [];
    for (let token = first.nextToken; token; ) {
      const page = cluster.listTasks({ cluster: cluster.arn, nextToken: token });
      rest.push(...page.taskArns);
      token = page.nextToken;
    }
    expect([...first.taskArns, ...rest]).toEqual([...tasks.map(({ arn }) => arn), late.arn]);
    expect(listed(cluster, { maxResults: 7 })).toEqual([...tasks.slice(50).map(({ arn }) => arn), late.arn]);
  });

  it('can be limited to one host', async () => {
    const { clock, cluster, hosts } = await aCluster();
    const [here] = hosts.map((host) => cluster.runTask({ ...SERVICE, host }));
    await clock.advance(MINUTE);
    const containerInstance = here && cluster.instanceArnOf(here.host)?.split('/').at(-1);
    expect(cluster.listTasks({ cluster: 'demo', containerInstance }).taskArns).toEqual([here?.arn]);
  });
});

describe('ListContainerInstances of the simulated cluster', () => {
  it('lists its members in pages, and no host that has left', async () => {
    const { clock, cluster, hosts } = await aCluster({ hosts: 3 });
    const arns = hosts.map((host) => cluster.instanceArnOf(host));
    const list = async (more: object = {}) =>
      Object(await cluster.api('ListContainerInstances', { cluster: 'demo', ...more }));
    const { containerInstanceArns, nextToken } = await list({ maxResults: 2 });
    expect(containerInstanceArns).toEqual(arns.slice(0, 2));
    expect(await list({ nextToken })).toEqual({ containerInstanceArns: arns.slice(2) });
    const end = cluster.terminateHost(hosts[0] ?? fail());
    await clock.advance(HOUR / 2);
    await end;
    expect(await list()).toEqual({ containerInstanceArns: arns.slice(1) });
  });
});

describe('DescribeTasks of the simulated cluster', () => {
  it('matches the latest event and its version at every moment', async () => {
    const { clock, cluster, story } = await aCluster({ delays: { deliver: [0, 0] } });
    const tasks = Array.from({ length: 30 }, (_, n) =>
      cluster.runTask({ ...SLEEPY, networkMode: n % 2 === 0 ? 'bridge' : 'awsvpc' }),
    );
    let compared = 0;
    for (let step = 0; step < 150; step++) {
      await clock.advance(200);
      const answer = cluster.describeTasks({ cluster: 'demo', tasks: tasks.map(({ arn }) => arn) });
      for (const described of answer.tasks) {
        const latest = story(String(described.taskArn)).at(-1);
        expect(described).toMatchObject({
          version: latest?.version,
          lastStatus: latest?.lastStatus,
          desiredStatus: latest?.desiredStatus,
          containers: latest?.containers,
        });
        compared++;
      }
    }
    expect(compared).toBe(30 * 150);
    const versions = tasks.flatMap(({ arn }) => story(arn).map(({ version }) => version));
    expect(Math.max(...versions)).toBeGreaterThan(7); // some changes were merged into the next event
  });

  it('describes a task before its first event, without facts that its agent has not reported', async () => {
    const { clock, cluster } = await aCluster({ delays: { report: [5000, 5000] } });
    const task = cluster.runTask({ ...SERVICE, networkMode: 'awsvpc' });
    const described = () => cluster.describeTasks({ cluster: 'demo', tasks: [task.id] }).tasks[0];
    expect(described()).toMatchObject({ version: 1, lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING' });
    while (task.containers.some(({ startedAtMs }) => startedAtMs === undefined)) await clock.advance(SECOND);
    expect(described()).toMatchObject({ lastStatus: 'PENDING', containers: [{ lastStatus: 'PENDING' }, {}] });
    expect(described()?.containers).not.toContainEqual(expect.objectContaining({ runtimeId: expect.anything() }));
    await clock.advance(10 * SECOND);
    const { runtimeId } = task.containers[0] ?? {};
    expect(described()).toMatchObject({
      lastStatus: 'RUNNING',
      containers: [{ lastStatus: 'RUNNING', runtimeId }, {}],
    });
  });

  it('has the members of the API, not those of the event, and times as Dates', async () => {
    const { clock, cluster, story } = await aCluster();
    const task = cluster.runTask({ ...SLEEPY, networkMode: 'awsvpc', startedBy: 'me' });
    await clock.advance(MINUTE);
    const [described = {}] = cluster.describeTasks({ cluster: 'demo', tasks: [task.arn], include: ['TAGS'] }).tasks;
    const event = story(task.arn).at(-1) as unknown as Record<string, string>;
    const instants: (keyof Task)[] = ['createdAt', 'pullStartedAt', 'pullStoppedAt', 'startedAt', 'stoppingAt'];
    for (const member of [...instants, 'connectivityAt', 'executionStoppedAt', 'stoppedAt']) {
      expect(described[member]).toEqual(new Date(event[member] ?? ''));
    }
    const added: (keyof Task)[] = ['healthStatus', 'inferenceAccelerators', 'tags'];
    const members = [...Object.keys(event), ...added].filter((name) => name !== 'updatedAt');
    expect(Object.keys(described).sort()).toEqual(members.sort());
    expect(described.attachments).toMatchObject([{ type: 'ElasticNetworkInterface', status: 'DELETED' }]);
  });
});

describe('the ECS API of the simulated cluster', () => {
  it('describes the definitions of its tasks', async () => {
    const { cluster } = await aCluster();
    const task = cluster.runTask(SERVICE);
    const { taskDefinitionArn } = cluster.describeTasks({ cluster: 'demo', tasks: [task.arn] }).tasks[0] ?? {};
    const taskDefinition = {
      taskDefinitionArn,
      family: 'api',
      revision: 7,
      containerDefinitions: [
        { name: 'main', image: 'api:1', essential: true },
        { name: 'log', image: 'fluent:1', essential: false },
      ],
    };
    expect(cluster.describeTaskDefinition({ taskDefinition: taskDefinitionArn })).toEqual({ taskDefinition });
    expect(cluster.describeTaskDefinition({ taskDefinition: 'api:7' })).toEqual({ taskDefinition });
    expect(() => cluster.describeTaskDefinition({ taskDefinition: 'api:8' })).toThrow(
      expect.objectContaining({ name: 'ClientException' }),
    );
  });

  it('answers by the name of an operation, and counts', async () => {
    const { cluster } = await aCluster();
    const task = cluster.runTask(SERVICE);
    expect(await cluster.api('ListClusters', {})).toEqual({ clusterArns: [cluster.arn] });
    expect(await cluster.api('ListTasks', { cluster: 'demo' })).toEqual({ taskArns: [task.arn] });
    await cluster.api('ListTasks', { cluster: 'demo' });
    await expect(cluster.api('ListTasks', {})).rejects.toThrow('Cluster not found.');
    await expect(cluster.api('RunTask', {})).rejects.toThrow('the simulated ECS does not answer RunTask');
    expect([...cluster.calls]).toEqual([
      ['ListClusters', 1],
      ['ListTasks', 3],
    ]);
  });

  it('does not pass over what it does not know', async () => {
    const { cluster } = await aCluster();
    expect(() => cluster.listTasks({ cluster: 'demo', serviceName: 'api' })).toThrow(
      'the simulated ListTasks does not know serviceName',
    );
  });

  it.each([
    ['ListClusters', { maxResults: 101 }, 'InvalidParameterException'],
    ['ListClusters', { nextToken: 'x' }, 'InvalidParameterException'],
    ['ListContainerInstances', { cluster: 'other' }, 'ClusterNotFoundException'],
    ['ListTasks', { cluster: 'other' }, 'ClusterNotFoundException'],
    ['ListTasks', { cluster: 'demo', maxResults: 0 }, 'InvalidParameterException'],
    ['ListTasks', { cluster: 'demo', nextToken: 'x' }, 'InvalidParameterException'],
    ['ListTasks', { cluster: 'demo', desiredStatus: 'GONE' }, 'InvalidParameterException'],
    ['DescribeTasks', { tasks: ['x'] }, 'ClusterNotFoundException'],
    ['DescribeTasks', { cluster: 'demo', tasks: [] }, 'InvalidParameterException'],
    ['DescribeTasks', { cluster: 'demo', tasks: Array(101).fill('x') }, 'InvalidParameterException'],
    ['DescribeTaskDefinition', {}, 'ClientException'],
  ])('refuses %s of %j', async (operation, input, name) => {
    const { cluster } = await aCluster();
    await expect(cluster.api(operation, input)).rejects.toThrow(EcsApiError);
    await expect(cluster.api(operation, input)).rejects.toMatchObject({ name, statusCode: 400 });
  });
});

function fail(): never {
  throw new Error('this cluster has no host');
}

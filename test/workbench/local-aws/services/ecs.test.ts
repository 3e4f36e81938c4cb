import {
  DescribeContainerInstancesCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListContainerInstancesCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AwsApi } from '../../../../workbench/local-aws/services/aws-world.ts';
import { ecsService } from '../../../../workbench/local-aws/services/ecs.ts';
import { type Served, serve } from '../serve.ts';

let api: AwsApi | undefined;
let server: Served;
beforeAll(async () => {
  const ecs: AwsApi = (operation, input) => ecsService(api)(operation, input);
  server = await serve({ json: { AmazonEC2ContainerServiceV20141113: ecs } });
});
afterAll(() => server.close());

describe('ECS', () => {
  const describeInstances = (...containerInstances: string[]) =>
    server.client(ECSClient).send(new DescribeContainerInstancesCommand({ cluster: 'c', containerInstances }));
  const describeTasks = (...tasks: string[]) =>
    server.client(ECSClient).send(new DescribeTasksCommand({ cluster: 'c', tasks }));

  it('reports every instance and every task as MISSING without a cluster', async () => {
    api = undefined;
    const failures = [
      { arn: 'a', reason: 'MISSING' },
      { arn: 'b', reason: 'MISSING' },
    ];
    expect(await describeInstances('a', 'b')).toMatchObject({ containerInstances: [], failures });
    expect(await describeTasks('a', 'b')).toMatchObject({ tasks: [], failures });
    const client = server.client(ECSClient);
    expect((await client.send(new ListClustersCommand({}))).clusterArns).toEqual([]);
    expect((await client.send(new ListContainerInstancesCommand({ cluster: 'c' }))).containerInstanceArns).toEqual([]);
    expect((await client.send(new ListTasksCommand({ cluster: 'c' }))).taskArns).toEqual([]);
    await expect(client.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'x:1' }))).rejects.toMatchObject({
      name: 'ClientException',
      message: 'Unable to describe task definition.',
    });
  });

  it('names an operation that it does not implement', async () => {
    api = undefined;
    const asked = server.client(ECSClient).send(new DescribeServicesCommand({ services: ['s'] }));
    await expect(asked).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'ecs DescribeServices is not implemented locally',
    });
  });

  it('returns the answers of the simulated cluster, including times', async () => {
    const registeredAt = new Date('2026-11-22T10:00:00Z');
    const asked: unknown[] = [];
    api = async (...call: unknown[]) => {
      asked.push(call);
      return { containerInstances: [{ containerInstanceArn: 'a', ec2InstanceId: 'i-1', registeredAt }], failures: [] };
    };
    expect((await describeInstances('a')).containerInstances).toEqual([
      { containerInstanceArn: 'a', ec2InstanceId: 'i-1', registeredAt },
    ]);
    expect(asked).toEqual([['DescribeContainerInstances', { cluster: 'c', containerInstances: ['a'] }]]);
  });

  it("passes on the cluster's exceptions by name, and treats any other error as a failure of the service", async () => {
    api = async () => {
      throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    };
    await expect(describeInstances('a')).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      $metadata: { httpStatusCode: 400 },
    });
    api = async () => {
      throw new TypeError('a bug');
    };
    await expect(describeInstances('a')).rejects.toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500 },
    });
  });

  it('accepts 1 to 100 ids', async () => {
    api = async () => ({ containerInstances: [], tasks: [], failures: [] });
    for (const ask of [describeInstances, describeTasks]) {
      await expect(ask(...Array<string>(101).fill('a'))).rejects.toMatchObject({ name: 'InvalidParameterException' });
      await expect(ask()).rejects.toMatchObject({ name: 'InvalidParameterException' });
      await expect(ask(...Array<string>(100).fill('a'))).resolves.toMatchObject({ failures: [] });
    }
  });
});

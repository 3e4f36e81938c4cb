import {
  DescribeContainerInstancesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ECSServiceException,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import type { FakeEcs } from './fake-ecs.ts';

const REFUSED = { $fault: 'client', $metadata: { httpStatusCode: 400 } } as const;

/** An SDK client that a fake ECS answers. */
export function ecsClient(ecs: FakeEcs): ECSClient {
  const client = new ECSClient({ region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  mockClient(client)
    .on(DescribeContainerInstancesCommand)
    .callsFake(async ({ cluster = 'default', containerInstances = [] }) => describe(ecs, cluster, containerInstances))
    .on(DescribeTaskDefinitionCommand)
    .callsFake(async ({ taskDefinition }) => define(ecs, taskDefinition));
  return client;
}

function define(ecs: FakeEcs, arn: string) {
  ecs.described.push(arn);
  refuse(ecs);
  const containers = ecs.definitions.get(arn);
  if (!containers)
    throw new ECSServiceException({ ...REFUSED, name: 'ClientException', message: 'Unable to describe' });
  // Like ECS, omits `essential` where the definition does not set it; the default is true.
  const definitions = Object.entries(containers).map(([name, essential]) =>
    essential ? { name } : { name, essential },
  );
  return { $metadata: {}, taskDefinition: { taskDefinitionArn: arn, containerDefinitions: definitions } };
}

function describe(ecs: FakeEcs, cluster: string, arns: readonly string[]) {
  ecs.calls.push({ cluster, arns });
  refuse(ecs);
  if (arns.length < 1 || arns.length > 100) throw new Error(`${arns.length} container instances in one call`);
  return {
    containerInstances: arns
      .filter((arn) => ecs.known.has(arn))
      .map((arn) => ({ containerInstanceArn: arn, ec2InstanceId: ecs.known.get(arn), status: 'ACTIVE' })),
    failures: arns.filter((arn) => !ecs.known.has(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
  };
}

function refuse({ failure }: FakeEcs): void {
  if (failure) throw new ECSServiceException({ ...REFUSED, name: failure, message: failure });
}

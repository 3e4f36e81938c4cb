import {
  DescribeContainerInstancesCommand,
  type ECSClient,
  ListContainerInstancesCommand,
  type ListContainerInstancesCommandOutput,
} from '@aws-sdk/client-ecs';
import type { ClusterMembers } from '../../core/fleet/agent-scope.ts';
import type { Call } from '../calls/metered.ts';

/** Looks up the EC2 instances of an ECS cluster: two calls for a hundred of them. */
export const clusterMembers =
  (client: ECSClient, call: Call): ClusterMembers =>
  async (cluster) => {
    const ids: string[] = [];
    let nextToken: string | undefined;
    do {
      const list = new ListContainerInstancesCommand({ cluster, maxResults: 100, nextToken });
      const page: ListContainerInstancesCommandOutput = await call('ListContainerInstances', () => client.send(list));
      const { containerInstanceArns = [] } = page;
      nextToken = page.nextToken;
      if (containerInstanceArns.length === 0) continue;
      const describe = new DescribeContainerInstancesCommand({ cluster, containerInstances: containerInstanceArns });
      const { containerInstances = [] } = await call('DescribeContainerInstances', () => client.send(describe));
      ids.push(...containerInstances.flatMap(({ ec2InstanceId }) => ec2InstanceId ?? []));
    } while (nextToken);
    return ids;
  };

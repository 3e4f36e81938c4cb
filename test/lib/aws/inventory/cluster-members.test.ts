import { DescribeContainerInstancesCommand, ECSClient, ListContainerInstancesCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { clusterMembers } from '../../../../lib/aws/inventory/cluster-members.ts';

describe('the members of a cluster', () => {
  it('are the instances of all pages, with each call counted', async () => {
    const ecs = mockClient(ECSClient);
    ecs
      .on(ListContainerInstancesCommand)
      .resolvesOnce({ containerInstanceArns: ['a', 'b'], nextToken: 'more' })
      .resolvesOnce({ containerInstanceArns: [] });
    ecs.on(DescribeContainerInstancesCommand, { cluster: 'prod', containerInstances: ['a', 'b'] }).resolves({
      containerInstances: [{ ec2InstanceId: 'i-1' }, {}],
    });
    const calls: string[] = [];
    const membersOf = clusterMembers(new ECSClient({}), (operation, send) => {
      calls.push(operation);
      return send();
    });
    expect(await membersOf('prod')).toEqual(['i-1']);
    expect(calls).toEqual(['ListContainerInstances', 'DescribeContainerInstances', 'ListContainerInstances']);
    ecs.restore();
  });
});

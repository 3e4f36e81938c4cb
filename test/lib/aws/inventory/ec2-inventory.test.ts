import { DescribeInstancesCommand, EC2Client, EC2ServiceException } from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { metered } from '../../../../lib/aws/calls/metered.ts';
import { Ec2Inventory } from '../../../../lib/aws/inventory/ec2-inventory.ts';
import type { Instance } from '../../../../lib/core/inventory/instance.ts';

import { OutOfBudget, Spend } from '../../../../lib/core/reconcile/spend.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const client = new EC2Client({ region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const ec2 = mockClient(client);
let spend: Spend;
let inventory: Ec2Inventory;
beforeEach(() => {
  ec2.reset();
  spend = new Spend(
    () => T0,
    async () => {},
  );
  spend.begin(T0 + MINUTE);
  inventory = new Ec2Inventory(client, metered(spend));
});

async function pages(): Promise<(readonly Instance[])[]> {
  const list: (readonly Instance[])[] = [];
  for await (const page of inventory.instances()) list.push(page);
  return list;
}
const answer = (...Instances: object[]) => ({ $metadata: { attempts: 1 }, Reservations: [{ Instances }] });
const bare = { InstanceId: 'i-1', State: { Name: 'running' as const }, LaunchTime: new Date(T0) };

describe('instances', () => {
  it('are listed by the thousand, including those managed by AWS services, excluding stopped ones', async () => {
    ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce({ ...answer(bare), NextToken: 'more' })
      .resolvesOnce(answer({ ...bare, InstanceId: 'i-2' }));
    expect((await pages()).map((page) => page.map(({ instanceId }) => instanceId))).toEqual([['i-1'], ['i-2']]);
    const inputs = ec2.commandCalls(DescribeInstancesCommand).map(({ args }) => args[0].input);
    const asked = {
      Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running', 'shutting-down', 'terminated'] }],
      MaxResults: 1000,
      IncludeManagedResources: true,
    };
    expect(inputs).toEqual([asked, { ...asked, NextToken: 'more' }]);
    expect([spend.calls, spend.sharedCalls]).toEqual([{ DescribeInstances: 2 }, 0]);
  });

  it('have all their addresses, without duplicates', async () => {
    ec2.on(DescribeInstancesCommand).resolves(
      answer({
        ...bare,
        ImageId: 'ami-1',
        Operator: { Managed: true, Principal: 'ecs.amazonaws.com' },
        InstanceType: 'm7g.large',
        Placement: { AvailabilityZone: 'us-east-1a' },
        PrivateIpAddress: '10.0.3.7',
        PublicIpAddress: '54.1.2.3',
        NetworkInterfaces: [
          {
            MacAddress: '0a:00:00:00:00:01',
            PrivateIpAddresses: [{ PrivateIpAddress: '10.0.3.7' }, { PrivateIpAddress: '10.0.3.8' }],
            Ipv6Addresses: [{ Ipv6Address: '2001:db8::7' }],
          },
          { MacAddress: '0a:00:00:00:00:02' },
        ],
        Tags: [
          { Key: 'aws:autoscaling:groupName', Value: 'web' },
          { Key: 'empty', Value: '' },
        ],
      }),
    );
    expect(await pages()).toEqual([
      [
        {
          instanceId: 'i-1',
          state: 'running',
          launchedAtMs: T0,
          imageId: 'ami-1',
          instanceType: 'm7g.large',
          availabilityZone: 'us-east-1a',
          autoScalingGroup: 'web',
          managedBy: 'ecs.amazonaws.com',
          tags: { 'aws:autoscaling:groupName': 'web', empty: '' },
          addresses: ['10.0.3.7', '10.0.3.8', '2001:db8::7', '54.1.2.3'],
          macs: ['0a:00:00:00:00:01', '0a:00:00:00:00:02'],
        },
      ],
    ]);
  });

  it('are left out if a required field is missing', async () => {
    const { LaunchTime: _, ...ageless } = bare;
    ec2.on(DescribeInstancesCommand).resolves(answer(bare, ageless, { ...bare, State: {} }, {}));
    expect((await pages())[0]).toEqual([
      { instanceId: 'i-1', state: 'running', launchedAtMs: T0, tags: {}, addresses: [], macs: [] },
    ]);
  });

  it('are left for the next sweep if EC2 throttles, without effect on ECS', async () => {
    const $metadata = { attempts: 2 };
    const error = { name: 'RequestLimitExceeded', message: '', $fault: 'client', $metadata } as const;
    ec2.on(DescribeInstancesCommand).rejects(new EC2ServiceException(error));
    await expect(pages()).rejects.toThrow(OutOfBudget);
    expect([spend.calls, spend.isOver]).toEqual([{ DescribeInstances: 2 }, false]);
  });

  it('are unknown without the permission to list them', async () => {
    const error = { name: 'UnauthorizedOperation', message: '', $fault: 'client', $metadata: {} } as const;
    ec2.on(DescribeInstancesCommand).rejects(new EC2ServiceException(error));
    await expect(pages()).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  });
});

import type { HostState } from '../state/host-state.ts';
import { columns, type Table } from './table.ts';

const metadata: Table<HostState> = {
  name: 'ec2_instance_metadata',
  columns: columns(`instance_id instance_type architecture region availability_zone local_hostname local_ipv4 mac
    security_groups iam_arn ami_id reservation_id account_id ssh_public_key`),
  rows: ({ host }) => [
    {
      instance_id: host.instanceId,
      instance_type: host.instanceType,
      architecture: host.architecture === 'aarch64' ? 'arm64' : 'x86_64',
      region: host.region,
      availability_zone: host.availabilityZone,
      local_hostname: host.hostname,
      local_ipv4: host.privateIp,
      mac: host.macAddress,
      security_groups: 'ecs-hosts',
      iam_arn: `arn:aws:iam::${host.accountId}:instance-profile/ecsInstanceRole`,
      ami_id: host.amiId,
      reservation_id: host.reservationId,
      account_id: host.accountId,
      ssh_public_key: '',
    },
  ],
};

const tags: Table<HostState> = {
  name: 'ec2_instance_tags',
  columns: columns('instance_id key value'),
  rows: ({ host }) => Object.entries(host.tags).map(([key, value]) => ({ instance_id: host.instanceId, key, value })),
};

export const EC2_TABLES: readonly Table<HostState>[] = [metadata, tags];

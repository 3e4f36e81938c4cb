import type { HostState } from '../host-state.ts';
import { columns, type Table } from '../table.ts';

const systemInfo: Table<HostState> = {
  name: 'system_info',
  columns: columns(`hostname uuid cpu_type cpu_subtype cpu_brand cpu_physical_cores:i cpu_logical_cores:i cpu_sockets:i
    cpu_microcode physical_memory:b hardware_vendor hardware_model hardware_version hardware_serial board_vendor
    board_model board_version board_serial computer_name local_hostname`),
  rows: ({ host }) => [
    {
      hostname: host.hostname,
      uuid: host.uuid,
      cpu_type: host.architecture,
      cpu_subtype: '',
      cpu_brand: host.architecture === 'aarch64' ? 'Neoverse-V2' : 'Intel(R) Xeon(R) Platinum 8488C',
      cpu_physical_cores: host.cpus,
      cpu_logical_cores: host.cpus,
      cpu_sockets: 1,
      cpu_microcode: '',
      physical_memory: host.memoryBytes,
      hardware_vendor: 'Amazon EC2',
      hardware_model: host.instanceType,
      hardware_version: '',
      hardware_serial: host.uuid,
      board_vendor: 'Amazon EC2',
      board_model: '',
      board_version: '',
      board_serial: '',
      computer_name: host.hostname,
      local_hostname: host.hostname,
    },
  ],
};

const osVersion: Table<HostState> = {
  name: 'os_version',
  columns: columns(`name version major:i minor:i patch:i build platform platform_like codename arch extra
    pid_with_namespace:i~ mount_namespace_id~`),
  rows: ({ host }) => [
    {
      name: 'Amazon Linux',
      version: '2023',
      major: 2023,
      minor: 0,
      patch: 0,
      build: '',
      platform: 'amzn',
      platform_like: 'fedora',
      codename: '',
      arch: host.architecture,
      extra: '',
      pid_with_namespace: 0,
      mount_namespace_id: '',
    },
  ],
};

const platformInfo: Table<HostState> = {
  name: 'platform_info',
  columns: columns('vendor version date revision extra firmware_type'),
  rows: () => [
    { vendor: 'Amazon EC2', version: '1.0', date: '11/1/2018', revision: '1.0', extra: '', firmware_type: 'uefi' },
  ],
};

const kernelInfo: Table<HostState> = {
  name: 'kernel_info',
  columns: columns('version arguments path device'),
  rows: ({ host }) => [
    {
      version: `6.1.155-176.282.amzn2023.${host.architecture}`,
      arguments: 'root=UUID=6f2a0b0e-2f9c-4d35-8b6b-6a9f3e1f0f55 ro console=tty0 console=ttyS0,115200n8',
      path: `(hd0,gpt1)/boot/vmlinuz-6.1.155-176.282.amzn2023.${host.architecture}`,
      device: 'UUID=6f2a0b0e-2f9c-4d35-8b6b-6a9f3e1f0f55',
    },
  ],
};

/** uid and gid, name, comment, home, shell: the accounts of the ECS-optimised Amazon Linux 2023. */
const ACCOUNTS: readonly (readonly [number, string, string, string, string])[] = [
  [0, 'root', 'Super User', '/root', '/bin/bash'],
  [1, 'bin', 'bin', '/bin', '/sbin/nologin'],
  [2, 'daemon', 'daemon', '/sbin', '/sbin/nologin'],
  [8, 'mail', 'mail', '/var/spool/mail', '/sbin/nologin'],
  [65534, 'nobody', 'Kernel Overflow User', '/', '/sbin/nologin'],
  [81, 'dbus', 'System Message Bus', '/', '/usr/sbin/nologin'],
  [192, 'systemd-network', 'systemd Network Management', '/', '/usr/sbin/nologin'],
  [74, 'sshd', 'Privilege-separated SSH', '/usr/share/empty.sshd', '/sbin/nologin'],
  [993, 'chrony', 'chrony system user', '/var/lib/chrony', '/sbin/nologin'],
  [1000, 'ec2-user', 'EC2 Default User', '/home/ec2-user', '/bin/bash'],
];

const users: Table<HostState> = {
  name: 'users',
  columns: columns(`uid:b* gid:b uid_signed:b gid_signed:b username* description directory shell uuid*
    pid_with_namespace:i~ include_remote:i~`),
  rows: (_, where) => {
    const uids = where.equals('uid');
    const names = where.equals('username');
    return ACCOUNTS.filter(
      ([id, name]) => (!uids || uids.includes(String(id))) && (!names || names.includes(name)),
    ).map(([id, username, description, directory, shell]) => ({
      uid: id,
      gid: id,
      uid_signed: id,
      gid_signed: id,
      username,
      description,
      directory,
      shell,
      uuid: '',
    }));
  },
};

export const SYSTEM_TABLES: readonly Table<HostState>[] = [systemInfo, osVersion, platformInfo, kernelInfo, users];

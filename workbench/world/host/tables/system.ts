import type { HostState, HostView } from '../state/host-state.ts';
import { columns, type Table, type TableRow } from './table.ts';

const systemInfo: Table<HostState> = {
  name: 'system_info',
  columns: columns(`hostname uuid cpu_type cpu_subtype cpu_brand cpu_physical_cores:i cpu_logical_cores:i cpu_sockets:i
    cpu_microcode physical_memory:b hardware_vendor hardware_model hardware_version hardware_serial board_vendor
    board_model board_version board_serial computer_name local_hostname emulated_cpu_type~`),
  rows: ({ host }) => [
    {
      hostname: host.hostname,
      uuid: host.uuid,
      cpu_type: host.architecture,
      // From cpuid, 48 bytes long; Arm has none.
      cpu_brand: host.architecture === 'x86_64' ? 'Intel(R) Xeon(R) Platinum 8488C'.padEnd(48, '\0') : undefined,
      cpu_subtype: host.architecture === 'x86_64' ? '143' : '0',
      cpu_microcode: host.architecture === 'x86_64' ? '0x2b000643' : undefined,
      cpu_physical_cores: host.cpus,
      cpu_logical_cores: host.cpus,
      cpu_sockets: host.architecture === 'x86_64' ? 1 : undefined,
      physical_memory: host.memoryBytes,
      computer_name: host.hostname,
      local_hostname: host.hostname,
      ...(host.smbios ? hardwareOf(host) : { hardware_model: '' }),
    },
  ],
};

/** The hardware values in the host's SMBIOS. */
const hardwareOf = (host: HostView): TableRow => ({
  hardware_vendor: 'Amazon EC2',
  hardware_model: host.instanceType,
  hardware_version: '',
  hardware_serial: host.uuid,
  board_vendor: 'Amazon EC2',
  board_model: '',
  board_version: '',
  board_serial: '',
});

const osVersion: Table<HostState> = {
  name: 'os_version',
  columns: columns(`name version major:i minor:i patch:i build platform platform_like codename arch extra~
    install_date:b~ revision:i~ pid_with_namespace:i~ mount_namespace_id~`),
  rows: ({ host }) => [
    {
      name: 'Amazon Linux',
      version: '2023',
      _id: '2023', // VERSION_ID of os-release: no column shows it, but an enrollment sends it
      major: 2023,
      minor: 0,
      patch: 0,
      platform: 'amzn',
      platform_like: 'fedora',
      arch: host.architecture,
      pid_with_namespace: 0,
    },
  ],
};

const platformInfo: Table<HostState> = {
  name: 'platform_info',
  columns: columns('vendor version date revision extra firmware_type address size volume_size:i'),
  rows: ({ host }) => (host.smbios ? [FIRMWARE] : []),
};

const FIRMWARE: TableRow = {
  vendor: 'Amazon EC2',
  version: '1.0',
  date: '11/1/2018',
  revision: '1.0',
  extra: '',
  firmware_type: 'uefi',
  address: '0x0000',
  size: '65536',
  volume_size: 0,
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

/** uid and gid, name, comment, home and shell of the accounts on the ECS-optimised Amazon Linux 2023. */
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
    type~ is_hidden:i~ pid_with_namespace:i~ include_remote:i~`),
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

import { table } from './table-facts.ts';

/** What runs, what it has open, and what auditd or eBPF saw start. */
export const PROCESS_TABLES = [
  table(
    'processes',
    `pid:b name path cmdline state cwd root uid:b gid:b euid:b egid:b suid:b sgid:b on_disk:i wired_size:b
    resident_size:b total_size:b user_time:b system_time:b disk_bytes_read:b disk_bytes_written:b start_time:b parent:b
    pgroup:b threads:i nice:i cgroup_path`,
  ),
  table(
    'process_namespaces',
    'pid:i cgroup_namespace ipc_namespace mnt_namespace net_namespace pid_namespace user_namespace uts_namespace',
  ),
  table('process_envs', 'pid:i key value'),
  table('process_memory_map', 'pid:i start end permissions offset:b device inode:i path pseudo:i'),
  table('process_open_files', 'pid:b fd:b path'),
  table('process_open_pipes', 'pid:b fd:b mode inode:b type partner_pid:b partner_fd:b partner_mode'),
  table(
    'process_open_sockets',
    `pid:i fd:b socket:b family:i protocol:i local_address remote_address local_port:i remote_port:i path state
    net_namespace`,
  ),
  table('listening_ports', 'pid:i port:i protocol:i family:i address fd:b socket:b path net_namespace'),
  table(
    'shared_memory',
    `shmid:i owner_uid:b creator_uid:b pid:b creator_pid:b atime:b dtime:b ctime:b permissions
    size:b attached:i status locked:i`,
  ),
  table('memory_map', 'name start end'),
  table(
    'process_events',
    `pid:b path mode cmdline cmdline_size:b~ env~ env_count:b~ env_size:b~ cwd auid:b uid:b euid:b gid:b egid:b
    owner_uid:b owner_gid:b atime:b mtime:b ctime:b btime:b overflows~ parent:b time:b uptime:b eid~ fsuid:b
    suid:b fsgid:b sgid:b syscall`,
  ),
  table(
    'process_file_events',
    `operation pid:b ppid:b time:b executable partial cwd path dest_path uid gid auid euid egid fsuid fsgid
    suid sgid uptime:b eid~`,
  ),
  table(
    'socket_events',
    `action pid:b path fd auid:b status success:i~ family:i protocol:i~ local_address remote_address local_port:i
    remote_port:i socket~ time:b uptime:b eid~`,
  ),
  table(
    'bpf_process_events',
    `tid:b pid:b parent:b uid:b gid:b cid:i exit_code probe_error:i syscall path cwd cmdline duration:i json_cmdline~
    ntime time:b eid:i~`,
  ),
  table(
    'bpf_socket_events',
    `tid:b pid:b parent:b uid:b gid:b cid:i exit_code probe_error:i syscall path fd:i family:i type:i protocol:i
    local_address remote_address local_port:i remote_port:i duration:i ntime time:b eid:i~`,
  ),
  table('user_events', 'uid:b auid:b pid:b message type:i path address terminal time:b uptime:b eid~'),
  table(
    'seccomp_events',
    `time:b uptime:b auid:b uid:b gid:b ses:b pid:b comm exe sig:b arch syscall compat:b ip code`,
  ),
  table(
    'apparmor_events',
    `type message time:b uptime:b eid~ apparmor operation parent:b profile name pid:b comm
    denied_mask capname fsuid:b ouid:b capability:b requested_mask info error namespace label`,
  ),
  table('selinux_events', 'type message time:b uptime:b eid~'),
];

/** In no release after 5.23.1. */
export const GONE_AFTER_5_23: ReadonlySet<string> = new Set(['bpf_process_events', 'bpf_socket_events']);

import type { HostState } from '../state/host-state.ts';
import { processesOf } from '../state/processes.ts';
import { columns, type Table } from './table.ts';

const processes: Table<HostState> = {
  name: 'processes',
  columns: columns(`pid:b* name path cmdline state cwd root uid:b gid:b euid:b egid:b suid:b sgid:b on_disk:i
    wired_size:b resident_size:b total_size:b user_time:b system_time:b disk_bytes_read:b disk_bytes_written:b
    start_time:b parent:b pgroup:b threads:i nice:i elevated_token:i~ secure_process:i~ protection_type~
    virtual_process:i~ elapsed_time:b~ handle_count:b~ percent_processor_time:b~ upid:b~ uppid:b~ cpu_type:i~
    cpu_subtype:i~ translated:i~ cgroup_path`),
  rows: (state, where) => {
    const pids = where.equals('pid');
    return processesOf(state)
      .filter(({ pid }) => !pids || pids.includes(String(pid)))
      .map((process) => {
        const path = process.command[0] ?? '';
        const { uid } = process;
        return {
          pid: process.pid,
          name: path.split('/').at(-1)?.slice(0, 15) ?? '', // the kernel keeps 15 characters of a name
          path,
          cmdline: process.command.join(' '),
          state: 'S',
          cwd: '/',
          root: '/',
          uid,
          gid: uid,
          euid: uid,
          egid: uid,
          suid: uid,
          sgid: uid,
          on_disk: process.container ? 0 : 1, // the host has no file at the path of a container's binary
          wired_size: 0,
          resident_size: 1_024_000,
          total_size: 4_608_000,
          user_time: 10,
          system_time: 10,
          disk_bytes_read: 0,
          disk_bytes_written: 0,
          start_time: Math.floor(process.startedAtMs / 1000),
          parent: process.parentPid,
          pgroup: process.container?.processes[0].pid ?? process.pid,
          threads: 1,
          nice: 0,
          cgroup_path: process.cgroupPath,
        };
      });
  },
};

const namespaces: Table<HostState> = {
  name: 'process_namespaces',
  columns: columns(`pid:i* cgroup_namespace ipc_namespace mnt_namespace net_namespace pid_namespace user_namespace
    uts_namespace`),
  rows: (state, where) => {
    const pids = where.equals('pid');
    return processesOf(state)
      .filter(({ pid }) => !pids || pids.includes(String(pid)))
      .map(({ pid, container }) => ({ pid, ...(container?.namespaces ?? HOST_NAMESPACES) }));
  },
};

/** The kernel's fixed numbers for the initial namespaces. */
const HOST_NAMESPACES = {
  cgroup_namespace: '4026531835',
  ipc_namespace: '4026531839',
  mnt_namespace: '4026531841',
  net_namespace: '4026531840',
  pid_namespace: '4026531836',
  user_namespace: '4026531837',
  uts_namespace: '4026531838',
};

/** Environment variables. The simulation knows only those of containers. */
const envs: Table<HostState> = {
  name: 'process_envs',
  columns: columns('pid:i* key value'),
  rows: (state, where) => {
    const pids = where.equals('pid');
    return processesOf(state)
      .filter(({ pid }) => !pids || pids.includes(String(pid)))
      .flatMap(({ pid, container }) =>
        Object.entries(container?.spec.env ?? {}).map(([key, value]) => ({ pid, key, value })),
      );
  },
};

export const PROCESS_TABLES: readonly Table<HostState>[] = [processes, namespaces, envs];

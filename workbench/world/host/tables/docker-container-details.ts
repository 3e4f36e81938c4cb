import type { Container } from '../state/container.ts';
import type { HostState } from '../state/host-state.ts';
import { listContainers, namedRunning } from './container-scan.ts';
import { columns, type Table } from './table.ts';

/** From Docker's `top`: host pids, sizes in bytes, no rows for a container that is not running. */
const processes: Table<HostState> = {
  name: 'docker_container_processes',
  columns: columns(`id! pid:b* name cmdline state uid:b gid:b euid:b egid:b suid:b sgid:b wired_size:b resident_size:b
    total_size:b start_time:b parent:b pgroup:b threads:i nice:i user time cpu:d mem:d`),
  rows: (state, where) =>
    namedRunning(state, where).flatMap(({ id, container }) => {
      const uid = container.spec.uid ?? 0;
      return container.processes.map((process) => ({
        id,
        pid: process.pid,
        name: process.command[0]?.split('/').at(-1) ?? '',
        cmdline: process.command.join(' '),
        state: 'S',
        uid,
        gid: uid,
        euid: uid,
        egid: uid,
        suid: uid,
        sgid: uid,
        resident_size: 1_024_000,
        total_size: 4_608_000,
        // start_time stays NULL: osquery takes it from `ps -o etime` ("00:12"), which is not a number.
        parent: process.parentPid,
        pgroup: container.processes[0].pid,
        threads: 1,
        nice: 0,
        user: uid === 0 ? 'root' : String(uid),
        time: '00:00:00',
        cpu: 0,
        mem: 0,
      }));
    }),
};

/** osquery's `read` and `preread` are Docker's sampling instants, one second apart, in epoch seconds. */
const stats: Table<HostState> = {
  name: 'docker_container_stats',
  columns: columns(`id! name* pids:i read:b preread:b interval:b disk_read:b disk_write:b num_procs:i cpu_total_usage:b
    cpu_kernelmode_usage:b cpu_usermode_usage:b system_cpu_usage:b online_cpus:i pre_cpu_total_usage:b
    pre_cpu_kernelmode_usage:b pre_cpu_usermode_usage:b pre_system_cpu_usage:b pre_online_cpus:i memory_usage:b
    memory_cached:b memory_inactive_file:b memory_total_inactive_file:b memory_max_usage:b memory_limit:b
    network_rx_bytes:b network_tx_bytes:b`),
  rows: (state, where) =>
    namedRunning(state, where).map(({ id, container }) => {
      const readSeconds = Math.floor(state.host.clock.now() / 1000);
      const aliveMs = state.host.clock.now() - container.startedAtMs;
      return {
        id,
        name: `/${container.spec.name}`,
        pids: container.processes.length,
        read: readSeconds,
        preread: readSeconds - 1,
        interval: 1_000_000_000,
        num_procs: 0,
        cpu_total_usage: aliveMs * 1_000, // nanoseconds: a thousandth of one processor
        cpu_usermode_usage: aliveMs * 700,
        cpu_kernelmode_usage: aliveMs * 300,
        online_cpus: state.host.cpus,
        memory_usage: 1_024_000 * container.processes.length,
        memory_limit: state.host.memoryBytes,
      };
    }),
};

const mounts: Table<HostState> = {
  name: 'docker_container_mounts',
  columns: columns('id* type name* source destination driver mode rw:i propagation'),
  rows: (state, where) =>
    listContainers(state, where).flatMap(({ id, container }) =>
      (container.spec.mounts ?? []).map(({ type, source, destination, readOnly }) => ({
        id,
        type,
        ...(type === 'volume' ? volumeOf(source) : { name: '', driver: '' }),
        source,
        destination,
        mode: readOnly ? 'ro' : '',
        rw: readOnly ? 0 : 1,
        propagation: type === 'bind' ? 'rprivate' : '',
      })),
    ),
};

/** A volume's name is its folder: `…/volumes/<name>/_data`. */
const volumeOf = (source: string) => ({ name: source.split('/').at(-2) ?? source, driver: 'local' });

/** The columns of a network that the container is not attached to. */
const NO_ENDPOINT = {
  endpoint_id: '',
  gateway: '',
  ip_address: '',
  ip_prefix_len: 0,
  ipv6_gateway: '',
  ipv6_address: '',
  ipv6_prefix_len: 0,
  mac_address: '',
};

const endpointOf = (container: Container, network: string) => ({
  ...NO_ENDPOINT,
  endpoint_id: digest(container.id, network),
  gateway: '172.17.0.1',
  ip_address: container.ipAddress,
  ip_prefix_len: 16,
  mac_address: container.macAddress,
});

const networks: Table<HostState> = {
  name: 'docker_container_networks',
  columns: columns(`id* name* network_id endpoint_id gateway ip_address ip_prefix_len:i ipv6_gateway ipv6_address
    ipv6_prefix_len:i mac_address`),
  rows: (state, where) =>
    listContainers(state, where).map(({ id, container }) => {
      const network = container.spec.network ?? 'bridge';
      const isAttached = network === 'bridge' && !container.exit;
      return {
        id,
        name: network,
        network_id: digest(network, state.host.dockerId),
        ...(isAttached ? endpointOf(container, network) : NO_ENDPOINT),
      };
    }),
};

const ports: Table<HostState> = {
  name: 'docker_container_ports',
  columns: columns('id* type port:i host_ip host_port:i'),
  rows: (state, where) =>
    listContainers(state, where).flatMap(({ id, container }) =>
      container.exit ? [] : portRows(container).map((row) => ({ id, ...row })),
    ),
};

const portRows = ({ spec }: Container) =>
  (spec.ports ?? []).map(({ containerPort, hostPort, protocol = 'tcp' }) => ({
    type: protocol,
    port: containerPort,
    host_ip: hostPort ? '0.0.0.0' : '',
    host_port: hostPort ?? 0,
  }));

/** 64 hexadecimal digits, always the same for the same names. */
function digest(...names: readonly string[]): string {
  return Buffer.from(names.join('|')).toString('hex').padEnd(64, '0').slice(0, 64);
}

export const DOCKER_CONTAINER_DETAIL_TABLES: readonly Table<HostState>[] = [processes, stats, mounts, networks, ports];

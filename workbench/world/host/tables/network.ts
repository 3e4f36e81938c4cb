import type { HostState, HostView } from '../state/host-state.ts';
import { HOST_NET_NAMESPACE, type HostProcess, PID_OF, processesOf } from '../state/processes.ts';
import { columns, type Table } from './table.ts';

const TCP = 6;
const UDP = 17;
const IPV4 = 2; // AF_INET

interface Listener {
  readonly pid: number;
  readonly port: number;
  readonly protocol: number;
  readonly netNamespace: string;
}

/**
 * sshd, Docker's proxies for published ports, and the listening sockets of container processes in their own namespace.
 */
function listenersOf(state: HostState): Listener[] {
  const ofContainers = processesOf(state).flatMap(({ pid, container, netNamespace }) => {
    if (!container || pid !== container.processes[0].pid) return [];
    return (container.spec.ports ?? []).flatMap(({ containerPort, hostPort, protocol: name }) => {
      const protocol = name === 'udp' ? UDP : TCP;
      const own = { pid, port: containerPort, protocol, netNamespace };
      const published = { pid: PID_OF.dockerd, port: hostPort ?? 0, protocol, netNamespace: HOST_NET_NAMESPACE };
      return hostPort && container.spec.network !== 'host' ? [own, published] : [own];
    });
  });
  return [{ pid: PID_OF.sshd, port: 22, protocol: TCP, netNamespace: HOST_NET_NAMESPACE }, ...ofContainers];
}

const listening: Table<HostState> = {
  name: 'listening_ports',
  columns: columns('pid:i port:i protocol:i family:i address fd:b socket:b path net_namespace'),
  rows: (state) =>
    listenersOf(state).map(({ pid, port, protocol, netNamespace }) => ({
      pid,
      port,
      protocol,
      family: IPV4,
      address: '0.0.0.0',
      fd: 3,
      socket: inode(pid, port),
      path: '',
      net_namespace: netNamespace,
    })),
};

const openSockets: Table<HostState> = {
  name: 'process_open_sockets',
  columns:
    columns(`pid:i* fd:b socket:b family:i protocol:i local_address remote_address local_port:i remote_port:i path
    state net_namespace`),
  rows: (state, where) => {
    const pids = where.equals('pid');
    const asked = ({ pid }: { pid: number }) => !pids || pids.includes(String(pid));
    const listeners = listenersOf(state)
      .filter(asked)
      .map((listener) => ({
        pid: listener.pid,
        fd: 3,
        socket: inode(listener.pid, listener.port),
        family: IPV4,
        protocol: listener.protocol,
        local_address: '0.0.0.0',
        remote_address: '0.0.0.0',
        local_port: listener.port,
        remote_port: 0,
        path: '',
        state: listener.protocol === TCP ? 'LISTEN' : '',
        net_namespace: listener.netNamespace,
      }));
    const connections = processesOf(state)
      .filter(asked)
      .flatMap((process) => connectionRows(state.host, process));
    return [...listeners, ...connections];
  },
};

function connectionRows(host: HostView, { pid, container, netNamespace }: HostProcess) {
  if (!container || pid !== container.processes[0].pid) return [];
  return (container.spec.connections ?? []).map(({ remoteAddress, remotePort }, index) => ({
    pid,
    fd: 10 + index,
    socket: inode(pid, remotePort),
    family: IPV4,
    protocol: TCP,
    local_address: container.ipAddress || host.privateIp,
    remote_address: remoteAddress,
    local_port: 40_000 + ((pid * 31 + index) % 20_000),
    remote_port: remotePort,
    path: '',
    state: 'ESTABLISHED',
    net_namespace: netNamespace,
  }));
}

/** The inode number of a socket, always the same for the same socket. */
function inode(pid: number, port: number): number {
  return 20_000 + pid * 97 + port;
}

const addresses: Table<HostState> = {
  name: 'interface_addresses',
  columns: columns('interface address mask broadcast point_to_point type friendly_name~'),
  rows: ({ host }) => [
    { interface: 'lo', address: '127.0.0.1', mask: '255.0.0.0', broadcast: '', point_to_point: '127.0.0.1', type: '' },
    {
      interface: 'ens5',
      address: host.privateIp,
      mask: '255.255.240.0',
      broadcast: '',
      point_to_point: '',
      type: 'dhcp',
    },
    {
      interface: 'docker0',
      address: '172.17.0.1',
      mask: '255.255.0.0',
      broadcast: '172.17.255.255',
      point_to_point: '',
      type: 'manual',
    },
  ],
};

const details: Table<HostState> = {
  name: 'interface_details',
  columns: columns(`interface mac type:i mtu:i metric:i flags:i ipackets:b opackets:b ibytes:b obytes:b ierrors:b
    oerrors:b idrops:b odrops:b collisions:b last_change:b link_speed:b pci_slot friendly_name~ description~
    manufacturer~ connection_id~ connection_status~ enabled:i~ physical_adapter:i~ speed:i~ service~ dhcp_enabled:i~
    dhcp_lease_expires~ dhcp_lease_obtained~ dhcp_server~ dns_domain~ dns_domain_suffix_search_order~ dns_host_name~
    dns_server_search_order~`),
  rows: ({ host }) => [
    { ...COUNTERS, interface: 'lo', mac: '00:00:00:00:00:00', type: 4, mtu: 65_536, flags: 65_609 },
    {
      ...COUNTERS,
      interface: 'ens5',
      mac: host.macAddress,
      type: 6,
      mtu: 9001,
      flags: 69_699,
      pci_slot: '0000:00:05.0',
    },
    { ...COUNTERS, interface: 'docker0', mac: '02:42:5d:2e:71:0c', type: 6, mtu: 1500, flags: 69_699 },
  ],
};

const COUNTERS = {
  metric: 0,
  ipackets: 0,
  opackets: 0,
  ibytes: 0,
  obytes: 0,
  ierrors: 0,
  oerrors: 0,
  idrops: 0,
  odrops: 0,
  collisions: 0,
  last_change: -1,
  link_speed: 0,
};

export const NETWORK_TABLES: readonly Table<HostState>[] = [listening, openSockets, addresses, details];

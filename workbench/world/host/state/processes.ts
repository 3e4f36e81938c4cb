import { type Container, cgroupPath } from './container.ts';
import { perQuery } from './per-query.ts';

/** A process as `processes` and the socket tables show it. */
export interface HostProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: readonly string[];
  readonly uid: number;
  readonly startedAtMs: number;
  readonly cgroupPath: string;
  readonly netNamespace: string;
  /** The process's container, if it has one. */
  readonly container: Container | null;
}

/** Number of the host's own network namespace. */
export const HOST_NET_NAMESPACE = '4026531840';

export const PID_OF = { systemd: 1, sshd: 1540, dockerd: 1702, osqueryWorker: 1911 } as const;

interface Service {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: readonly string[];
  readonly cgroup: string;
  readonly uid?: number;
}

const SERVICES: readonly Service[] = [
  { pid: PID_OF.systemd, parentPid: 0, command: ['/usr/lib/systemd/systemd', '--system'], cgroup: '/init.scope' },
  { pid: 1310, parentPid: 1, command: ['/usr/lib/systemd/systemd-journald'], cgroup: 'systemd-journald' },
  { pid: 1462, parentPid: 1, command: ['/usr/sbin/chronyd', '-F', '2'], cgroup: 'chronyd', uid: 993 },
  { pid: 1488, parentPid: 1, command: ['/usr/bin/amazon-ssm-agent'], cgroup: 'amazon-ssm-agent' },
  { pid: PID_OF.sshd, parentPid: 1, command: ['/usr/sbin/sshd', '-D'], cgroup: 'sshd' },
  { pid: 1644, parentPid: 1, command: ['/usr/bin/containerd'], cgroup: 'containerd' },
  { pid: PID_OF.dockerd, parentPid: 1, command: ['/usr/bin/dockerd', '-H', 'fd://'], cgroup: 'docker' },
  { pid: 1830, parentPid: 1, command: ['/usr/libexec/amazon-ecs-init', 'start'], cgroup: 'ecs' },
  {
    pid: 1902,
    parentPid: 1,
    command: ['/opt/osquery/bin/osqueryd', '--flagfile', '/etc/osquery/osquery.flags'],
    cgroup: 'osqueryd',
  },
  { pid: PID_OF.osqueryWorker, parentPid: 1902, command: ['/opt/osquery/bin/osqueryd'], cgroup: 'osqueryd' },
];

/**
 * Every process of the host: its services, and the shim and the processes of each running container. With `pidMode: task` on
 * Fargate: those of the containers alone.
 */
export const processesOf = perQuery((host): HostProcess[] => {
  if (host.launchType === 'FARGATE') return host.running().flatMap(ownProcesses);
  const services = SERVICES.map((service) => ({
    pid: service.pid,
    parentPid: service.parentPid,
    command: service.command,
    uid: service.uid ?? 0,
    startedAtMs: host.bootedAtMs + service.pid * 5, // services start in the order of their pids
    cgroupPath: service.cgroup.startsWith('/') ? service.cgroup : `/system.slice/${service.cgroup}.service`,
    netNamespace: HOST_NET_NAMESPACE,
    container: null,
  }));
  return [...services, ...host.running().flatMap(containerProcesses)];
});

function containerProcesses(container: Container): HostProcess[] {
  const shim: HostProcess = {
    pid: container.shimPid,
    parentPid: PID_OF.systemd,
    command: ['/usr/bin/containerd-shim-runc-v2', '-namespace', 'moby', '-id', container.id],
    uid: 0,
    startedAtMs: container.startedAtMs,
    cgroupPath: '/system.slice/docker.service',
    netNamespace: HOST_NET_NAMESPACE,
    container: null,
  };
  return [shim, ...ownProcesses(container)];
}

function ownProcesses(container: Container): HostProcess[] {
  return container.processes.map((process) => ({
    ...process,
    uid: container.spec.uid ?? 0,
    startedAtMs: container.startedAtMs,
    cgroupPath: cgroupPath(container),
    netNamespace: container.namespaces.net_namespace ?? HOST_NET_NAMESPACE,
    container,
  }));
}

import type { HostState } from '../state/host-state.ts';
import { columns, type Table } from './table.ts';

/** The version Docker reports on Amazon Linux 2023 for ECS. */
const DOCKER_VERSION = '25.0.14';
const KERNEL = '6.1.155-176.282.amzn2023';

const images: Table<HostState> = {
  name: 'docker_images',
  columns: columns('id created:b size_bytes:b tags'),
  rows: ({ host }) =>
    [...host.images()].map(([tags, image]) => ({
      id: image.id,
      created: Math.floor(image.createdAtMs / 1000),
      size_bytes: image.bytes,
      tags,
    })),
};

const info: Table<HostState> = {
  name: 'docker_info',
  columns: columns(`id containers:i containers_running:i containers_paused:i containers_stopped:i images:i
    storage_driver memory_limit:i swap_limit:i kernel_memory:i cpu_cfs_period:i cpu_cfs_quota:i cpu_shares:i cpu_set:i
    ipv4_forwarding:i bridge_nf_iptables:i bridge_nf_ip6tables:i oom_kill_disable:i logging_driver cgroup_driver
    kernel_version os os_type architecture cpus:i memory:b http_proxy https_proxy no_proxy name server_version
    root_dir`),
  rows: ({ host }) => [
    {
      id: host.dockerId,
      containers: host.containers().length,
      containers_running: host.running().length,
      containers_paused: 0,
      containers_stopped: host.containers().length - host.running().length,
      images: host.images().size,
      storage_driver: 'overlay2',
      memory_limit: 1,
      swap_limit: 1,
      kernel_memory: 0,
      cpu_cfs_period: 1,
      cpu_cfs_quota: 1,
      cpu_shares: 1,
      cpu_set: 1,
      ipv4_forwarding: 1,
      bridge_nf_iptables: 1,
      bridge_nf_ip6tables: 1,
      oom_kill_disable: 0,
      logging_driver: 'json-file',
      cgroup_driver: 'systemd',
      kernel_version: `${KERNEL}.${host.architecture}`,
      os: 'Amazon Linux 2023',
      os_type: 'linux',
      architecture: host.architecture,
      cpus: host.cpus,
      memory: host.memoryBytes,
      http_proxy: '',
      https_proxy: '',
      no_proxy: '',
      name: host.hostname,
      server_version: DOCKER_VERSION,
      root_dir: '/var/lib/docker',
    },
  ],
};

const version: Table<HostState> = {
  name: 'docker_version',
  columns: columns('version api_version min_api_version git_commit go_version os arch kernel_version build_time'),
  rows: ({ host }) => [
    {
      version: DOCKER_VERSION,
      api_version: '1.44',
      min_api_version: '1.24',
      git_commit: 'cc13f95',
      go_version: 'go1.24.7',
      os: 'linux',
      arch: host.architecture === 'aarch64' ? 'arm64' : 'amd64',
      kernel_version: `${KERNEL}.${host.architecture}`,
      build_time: '2025-09-15T00:00:00.000000000+00:00',
    },
  ],
};

export const DOCKER_ENGINE_TABLES: readonly Table<HostState>[] = [images, info, version];

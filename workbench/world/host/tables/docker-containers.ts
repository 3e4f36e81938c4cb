import { dockerStatus, dockerTime } from '../state/container.ts';
import type { HostState } from '../state/host-state.ts';
import { listContainers } from './container-scan.ts';
import { columns, type Table } from './table.ts';

const containers: Table<HostState> = {
  name: 'docker_containers',
  columns: columns(`id* name* image image_id command created:b state status pid:b path config_entrypoint started_at
    finished_at privileged:i security_options env_variables readonly_rootfs:i cgroup_namespace ipc_namespace
    mnt_namespace net_namespace pid_namespace user_namespace uts_namespace`),
  rows: (state, where) =>
    listContainers(state, where).map(({ id, container }) => {
      const { spec, exit } = container;
      const { env = {} } = spec;
      const namespaces = exit ? null : container.namespaces; // Docker shows no namespaces without a process
      return {
        id,
        name: `/${spec.name}`,
        image: spec.image,
        image_id: container.imageId,
        command: spec.command.join(' '),
        created: Math.floor(container.startedAtMs / 1000),
        state: exit ? 'exited' : 'running',
        status: dockerStatus(container, state.host.clock.now()),
        pid: exit ? 0 : container.processes[0].pid,
        path: spec.command[0] ?? '',
        config_entrypoint: '',
        started_at: dockerTime(container.startedAtMs),
        finished_at: exit ? dockerTime(exit.atMs) : '',
        privileged: spec.privileged ? 1 : 0,
        security_options: '',
        env_variables: Object.entries(env)
          .map(([key, value]) => `${key}=${value}`)
          .join(', '),
        readonly_rootfs: 0,
        ...namespaces,
      };
    }),
};

/** docker_container_labels and docker_container_envs: one row per pair. */
const pairs = (name: string, notation: string, of: 'labels' | 'env'): Table<HostState> => ({
  name,
  columns: columns(notation),
  rows: (state, where) =>
    listContainers(state, where).flatMap(({ id, container }) =>
      Object.entries(container.spec[of] ?? {}).map(([key, value]) => ({ id, key, value })),
    ),
});

export const DOCKER_CONTAINER_TABLES: readonly Table<HostState>[] = [
  containers,
  pairs('docker_container_labels', 'id* key* value', 'labels'),
  pairs('docker_container_envs', 'id* key value', 'env'),
];

import type { HostState } from '../state/host-state.ts';
import { DOCKER_CONTAINER_DETAIL_TABLES } from './docker-container-details.ts';
import { DOCKER_CONTAINER_TABLES } from './docker-containers.ts';
import { DOCKER_ENGINE_TABLES } from './docker-engine.ts';
import { EC2_TABLES } from './ec2.ts';
import { NETWORK_TABLES } from './network.ts';
import { OSQUERY_TABLES } from './osquery.ts';
import { PROCESS_TABLES } from './processes.ts';
import { SYSTEM_TABLES } from './system.ts';
import type { Table } from './table.ts';
import { TIME_TABLES } from './time.ts';

/** Every table of a simulated host, with the columns of osquery 5.23's specs for Linux. */
export const TABLES: readonly Table<HostState>[] = [
  ...DOCKER_CONTAINER_TABLES,
  ...DOCKER_CONTAINER_DETAIL_TABLES,
  ...DOCKER_ENGINE_TABLES,
  ...PROCESS_TABLES,
  ...NETWORK_TABLES,
  ...SYSTEM_TABLES,
  ...OSQUERY_TABLES,
  ...EC2_TABLES,
  ...TIME_TABLES,
];

/** The same in a task on Fargate, where neither Docker nor the metadata service of EC2 answers. */
export const FARGATE_TABLES: readonly Table<HostState>[] = TABLES.map((table) =>
  /^(docker|ec2)_/.test(table.name) ? { ...table, rows: () => [] } : table,
);

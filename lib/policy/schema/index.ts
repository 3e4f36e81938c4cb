import { ACCOUNT_TABLES } from './accounts.ts';
import { DOCKER_TABLES } from './docker.ts';
import { FILE_TABLES } from './files.ts';
import { NETWORK_TABLES } from './network.ts';
import { AGENT_TABLES, CLOUD_TABLES } from './osquery.ts';
import { PACKAGE_TABLES } from './packages.ts';
import { PROCESS_TABLES } from './processes.ts';
import { SYSTEM_TABLES } from './system.ts';
import type { TableFacts } from './table-facts.ts';

/** osquery's tables on Linux (5.23), as its documentation describes them. */
export const TABLES: ReadonlyMap<string, TableFacts> = new Map(
  [
    ...DOCKER_TABLES,
    ...PROCESS_TABLES,
    ...FILE_TABLES,
    ...SYSTEM_TABLES,
    ...NETWORK_TABLES,
    ...ACCOUNT_TABLES,
    ...PACKAGE_TABLES,
    ...AGENT_TABLES,
    ...CLOUD_TABLES,
  ].map((facts) => [facts.name, facts]),
);

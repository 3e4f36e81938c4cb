import type { HostState } from '../state/host-state.ts';
import { PID_OF } from '../state/processes.ts';
import { columns, type Table } from './table.ts';

/** osquery's platform bit mask for Linux. */
export const PLATFORM_MASK = 9;

const osqueryInfo: Table<HostState> = {
  name: 'osquery_info',
  columns: columns(`pid:i uuid instance_id version config_hash config_valid:i extensions build_platform build_distro
    start_time:i watcher:i platform_mask:i`),
  rows: ({ host, osquery }) =>
    osquery
      ? [
          {
            pid: PID_OF.osqueryWorker,
            uuid: host.uuid,
            instance_id: osquery.instanceUuid,
            version: osquery.version,
            config_hash: osquery.configHash,
            config_valid: osquery.configValid ? 1 : 0,
            extensions: 'active', // the extension manager runs unless disable_extensions is set
            build_platform: 'linux',
            build_distro: 'centos7',
            start_time: Math.floor(osquery.startedAtMs / 1000),
            watcher: PID_OF.osqueryWorker - 9,
            platform_mask: PLATFORM_MASK,
          },
        ]
      : [],
};

export const OSQUERY_TABLES: readonly Table<HostState>[] = [osqueryInfo];

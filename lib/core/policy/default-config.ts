/**
 * The configuration every node gets until profiles exist: byte-stable, because an agent reconfigures itself on any
 * change of the document's hash (osquery-protocol.md §6.4). Only options that a config may set are here; the rest
 * belongs to the flagfile (§7).
 */
export const defaultConfig = {
  options: {
    disable_distributed: false,
    distributed_interval: 10,
    distributed_tls_max_attempts: 3,
    // lines × size must stay under the front: 6 MB of Lambda payload, a third of it lost to base64.
    logger_tls_max_lines: 256,
    logger_tls_max_linesize: 16_384,
    logger_tls_period: 4,
    logger_tls_compress: true,
    logger_snapshot_event_type: true,
    logger_min_status: 1,
    schedule_splay_percent: 10,
    pack_delimiter: '/',
  },
  schedule: {
    osquery_health: {
      query: 'SELECT version, config_hash, config_valid, start_time FROM osquery_info',
      interval: 3600,
      snapshot: true,
    },
  },
  decorators: {
    load: [
      'SELECT uuid AS host_uuid, hostname, hardware_serial FROM system_info',
      "SELECT address AS ip FROM interface_addresses WHERE interface NOT IN ('lo', 'docker0') AND address LIKE '%.%' LIMIT 1",
    ],
  },
} as const;

/** The document as sent: made once, so an unchanged config is the same bytes on every request. */
export const defaultConfigJson: string = JSON.stringify(defaultConfig);

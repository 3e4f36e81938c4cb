/** Behaviour of osquery's tables that is not in their specs and that the linter checks. */

/** Tables whose required columns accept a LIKE pattern. Other tables return no row without equality. */
export const TAKES_LIKE: ReadonlySet<string> = new Set([
  ...['file', 'hash', 'extended_attributes', 'yara_file', 'yara', 'authenticode', 'mdls', 'signature'],
]);

/** Tables that list only running containers, unless `id` is constrained by equality. @see docs/spec/osquery-protocol.md §12.1 */
export const RUNNING_ONLY_WITHOUT_ID: ReadonlySet<string> = new Set([
  ...['docker_containers', 'docker_container_mounts', 'docker_container_networks', 'docker_container_ports'],
  ...['docker_container_labels', 'docker_container_envs'],
]);

/** Tables that have rows only for running containers, because Docker answers only for those. */
export const NEVER_AFTER_EXIT: ReadonlySet<string> = new Set(['docker_container_processes', 'docker_container_stats']);

/** States of `docker_containers` that only appear with a constraint on `id`. */
export const STATES_NOT_RUNNING: ReadonlySet<string> = new Set(['exited', 'dead', 'created', 'removing']);

/** Tables that block the agent's thread for minutes off EC2, waiting for an address that does not answer. @see docs/spec/osquery-protocol.md §12.5 */
export const BLOCKS_OFF_EC2: ReadonlySet<string> = new Set(['ec2_instance_metadata', 'ec2_instance_tags']);

/** Removed tables, with the last release that had them: hosts may still run it. */
export const GONE_TABLES: Readonly<Record<string, string>> = {
  atom_packages: '5.10.2',
  elf_dynamic: '5.2.2',
  elf_info: '5.2.2',
  elf_sections: '5.2.2',
  elf_segments: '5.2.2',
  elf_symbols: '5.2.2',
  kernel_integrity: '4.1.0',
  lldp_neighbors: '5.3.0',
  opera_extensions: '4.6.0',
  shortcut_files: '5.2.2',
  smart_drive_info: '5.2.3',
};

/** Tables that were removed after 5.23.1. */
export const GONE_AFTER_5_23: ReadonlySet<string> = new Set(['bpf_process_events', 'bpf_socket_events']);

/** Tables that always have one row. */
export const ONE_ROW: ReadonlySet<string> = new Set([
  ...['system_info', 'os_version', 'kernel_info', 'platform_info', 'osquery_info', 'uptime', 'time', 'docker_info'],
  ...['docker_version', 'ec2_instance_metadata', 'azure_instance_metadata', 'secureboot', 'memory_info', 'sip_config'],
]);

/** Tables that can have tens of thousands of rows without a constraint. */
export const LARGE: ReadonlySet<string> = new Set([
  ...['process_open_files', 'process_memory_map', 'process_envs', 'rpm_package_files', 'deb_package_files'],
  ...['shell_history', 'augeas', 'registry', 'windows_eventlog', 'unified_log', 'kernel_keys', 'package_bom'],
]);

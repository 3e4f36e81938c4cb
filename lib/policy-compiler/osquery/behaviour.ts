/** What osquery's tables do beyond their specs, as far as a query can be judged by it. */

/** Tables whose required columns list what is there for a pattern; the others return no row without equality. */
export const TAKES_LIKE: ReadonlySet<string> = new Set([
  ...['file', 'hash', 'extended_attributes', 'yara_file', 'yara', 'authenticode', 'mdls', 'signature'],
]);

/** Shown only while their container runs, unless `id` is constrained by equality. @see docs/spec/osquery-protocol.md §12.1 */
export const RUNNING_ONLY_WITHOUT_ID: ReadonlySet<string> = new Set([
  ...['docker_containers', 'docker_container_mounts', 'docker_container_networks', 'docker_container_ports'],
  ...['docker_container_labels', 'docker_container_envs'],
]);

/** Docker answers these for running containers alone: about an exited one they never have a row. */
export const NEVER_AFTER_EXIT: ReadonlySet<string> = new Set(['docker_container_processes', 'docker_container_stats']);

/** States of `docker_containers` that no row has without a constraint on `id`. */
export const STATES_NOT_RUNNING: ReadonlySet<string> = new Set(['exited', 'dead', 'created', 'removing']);

/** Off EC2 they wait minutes for an address that does not answer, and block the agent's thread. @see docs/spec/osquery-protocol.md §12.5 */
export const BLOCKS_OFF_EC2: ReadonlySet<string> = new Set(['ec2_instance_metadata', 'ec2_instance_tags']);

/** Tables of earlier releases, with the last one that had them: hosts may still run it. */
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

/** In no release after 5.23.1. */
export const GONE_AFTER_5_23: ReadonlySet<string> = new Set(['bpf_process_events', 'bpf_socket_events']);

/** Tables of one row, however they are asked. */
export const ONE_ROW: ReadonlySet<string> = new Set([
  ...['system_info', 'os_version', 'kernel_info', 'platform_info', 'osquery_info', 'uptime', 'time', 'docker_info'],
  ...['docker_version', 'ec2_instance_metadata', 'azure_instance_metadata', 'secureboot', 'memory_info', 'sip_config'],
]);

/** Tables that can have tens of thousands of rows where nothing narrows them. */
export const LARGE: ReadonlySet<string> = new Set([
  ...['process_open_files', 'process_memory_map', 'process_envs', 'rpm_package_files', 'deb_package_files'],
  ...['shell_history', 'augeas', 'registry', 'windows_eventlog', 'unified_log', 'kernel_keys', 'package_bom'],
]);

import { table } from './table-facts.ts';

/** Docker's API on the host's socket. There are none of containerd or CRI. @see docs/spec/osquery-protocol.md §12.1 */
export const DOCKER_TABLES = [
  table(
    'docker_containers',
    `id name image image_id command created:b state status pid:b path config_entrypoint started_at finished_at
    privileged:i security_options env_variables readonly_rootfs:i cgroup_namespace ipc_namespace mnt_namespace
    net_namespace pid_namespace user_namespace uts_namespace`,
  ),
  table(
    'docker_container_processes',
    `id! pid:b name cmdline state uid:b gid:b euid:b egid:b suid:b sgid:b wired_size:b resident_size:b total_size:b
    start_time:b parent:b pgroup:b threads:i nice:i user time cpu:d mem:d`,
  ),
  table(
    'docker_container_stats',
    `id! name pids:i read:b preread:b interval:b disk_read:b disk_write:b num_procs:i cpu_total_usage:b
    cpu_kernelmode_usage:b cpu_usermode_usage:b system_cpu_usage:b online_cpus:i pre_cpu_total_usage:b
    pre_cpu_kernelmode_usage:b pre_cpu_usermode_usage:b pre_system_cpu_usage:b pre_online_cpus:i memory_usage:b
    memory_cached:b memory_inactive_file:b memory_total_inactive_file:b memory_max_usage:b memory_limit:b
    network_rx_bytes:b network_tx_bytes:b`,
  ),
  table('docker_container_fs_changes', 'id! path change_type'),
  table('docker_container_mounts', 'id type name source destination driver mode rw:i propagation'),
  table(
    'docker_container_networks',
    `id name network_id endpoint_id gateway ip_address ip_prefix_len:i ipv6_gateway ipv6_address ipv6_prefix_len:i
    mac_address`,
  ),
  table('docker_container_ports', 'id type port:i host_ip host_port:i'),
  table('docker_container_labels', 'id key value'),
  table('docker_container_envs', 'id key value'),
  table('docker_images', 'id created:b size_bytes:b tags'),
  table('docker_image_labels', 'id key value'),
  table('docker_image_layers', 'id layer_id layer_order:i'),
  table('docker_image_history', 'id created:b size:b created_by tags comment'),
  table(
    'docker_info',
    `id containers:i containers_running:i containers_paused:i containers_stopped:i images:i storage_driver
    memory_limit:i swap_limit:i kernel_memory:i cpu_cfs_period:i cpu_cfs_quota:i cpu_shares:i cpu_set:i
    ipv4_forwarding:i bridge_nf_iptables:i bridge_nf_ip6tables:i oom_kill_disable:i logging_driver cgroup_driver
    kernel_version os os_type architecture cpus:i memory:b http_proxy https_proxy no_proxy name server_version root_dir`,
  ),
  table(
    'docker_version',
    'version api_version min_api_version git_commit go_version os arch kernel_version build_time',
  ),
  table('docker_networks', 'id name driver created:b enable_ipv6:i subnet gateway'),
  table('docker_network_labels', 'id key value'),
  table('docker_volumes', 'name driver mount_point type'),
  table('docker_volume_labels', 'name key value'),
];

/** Shown only while their container runs, unless `id` is constrained by equality. */
export const RUNNING_ONLY_WITHOUT_ID: ReadonlySet<string> = new Set([
  ...['docker_containers', 'docker_container_mounts', 'docker_container_networks', 'docker_container_ports'],
  ...['docker_container_labels', 'docker_container_envs'],
]);

/** Docker answers these for running containers alone: about an exited one they never have a row. */
export const NEVER_AFTER_EXIT: ReadonlySet<string> = new Set(['docker_container_processes', 'docker_container_stats']);

/** States of `docker_containers` that no row has without a constraint on `id`. */
export const STATES_NOT_RUNNING: ReadonlySet<string> = new Set(['exited', 'dead', 'created', 'removing']);

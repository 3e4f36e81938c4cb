import { NAMESPACED, table } from './table-facts.ts';

/** The machine, its kernel and what the system starts. */
export const SYSTEM_TABLES = [
  table(
    'system_info',
    `hostname uuid cpu_type cpu_subtype cpu_brand cpu_physical_cores:i cpu_logical_cores:i cpu_sockets:i cpu_microcode
    physical_memory:b hardware_vendor hardware_model hardware_version hardware_serial board_vendor board_model
    board_version board_serial computer_name local_hostname`,
  ),
  table(
    'os_version',
    `name version major:i minor:i patch:i build platform platform_like codename arch ${NAMESPACED} mount_namespace_id~`,
  ),
  table('platform_info', 'vendor version date revision extra firmware_type address size volume_size:i'),
  table('kernel_info', 'version arguments path device'),
  table('kernel_modules', 'name size:b used_by status address'),
  table('kernel_keys', `serial_number flags usage:b timeout permissions uid:b gid:b type description`),
  table('uptime', 'days:i hours:i minutes:i seconds:i total_seconds:b'),
  table(
    'time',
    `weekday year:i month:i day:i hour:i minutes:i seconds:i timezone local_timezone unix_time:i timestamp datetime
    iso_8601`,
  ),
  table('load_average', 'period average'),
  table(
    'memory_info',
    `memory_total:b memory_free:b memory_available:b buffers:b cached:b swap_cached:b active:b inactive:b swap_total:b
    swap_free:b`,
  ),
  table(
    'memory_arrays',
    `handle location use memory_error_correction max_capacity:i memory_error_info_handle number_memory_devices:i`,
  ),
  table(
    'memory_devices',
    `handle array_handle form_factor total_width:i data_width:i size:i set:i device_locator
    bank_locator memory_type memory_type_details max_speed:i configured_clock_speed:i manufacturer serial_number
    asset_tag part_number min_voltage:i max_voltage:i configured_voltage:i`,
  ),
  table(
    'cpu_info',
    `device_id model manufacturer processor_type cpu_status:i number_of_cores logical_processors:i address_width
    current_clock_speed:i max_clock_speed:i socket_designation`,
  ),
  table('cpu_time', `core:i user:b nice:b system:b idle:b iowait:b irq:b softirq:b steal:b guest:b guest_nice:b`),
  table('cpuid', 'feature value output_register output_bit:i input_eax'),
  table(
    'msr',
    `processor_number:b turbo_disabled:b turbo_ratio_limit:b platform_info:b perf_ctl:b perf_status:b
    feature_control:b rapl_power_limit:b rapl_energy_status:b rapl_power_units:b`,
  ),
  table(
    'pci_devices',
    `pci_slot pci_class driver vendor vendor_id model model_id pci_class_id pci_subclass_id
    pci_subclass subsystem_vendor_id subsystem_vendor subsystem_model_id subsystem_model`,
  ),
  table(
    'usb_devices',
    `usb_address:i usb_port:i vendor vendor_id version model model_id serial class subclass protocol
    removable:i`,
  ),
  table('smbios_tables', 'number:i type:i description handle:i header_size:i size:i md5'),
  table('oem_strings', 'handle number:i value'),
  table('acpi_tables', 'name size:i md5'),
  table('secureboot', 'secure_boot:i setup_mode:i'),
  table('system_controls', 'name oid subsystem current_value config_value type'),
  table('selinux_settings', 'scope key value'),
  table('apparmor_profiles', 'path name attach mode sha1 sha256'),
  table(
    'systemd_units',
    `id description load_state active_state sub_state unit_file_state following object_path job_id:b job_type job_path
    fragment_path user source_path`,
  ),
  table('crontab', `event minute hour day_of_month month day_of_week command path ${NAMESPACED}`),
  table('startup_items', 'name path args type source status username'),
  table('logged_in_users', 'type user tty host time:b pid:i'),
  table('last', 'username tty pid:i type:i type_name time:i host'),
  table('syslog_events', 'time:b datetime host severity:i facility tag message eid~'),
  table('hardware_events', 'action path type driver vendor vendor_id model model_id serial revision time:b eid~'),
  table('ulimit_info', 'type soft_limit hard_limit'),
  table('prometheus_metrics', 'target_name metric_name metric_value:d timestamp_ms:b'),
  table(
    'npm_packages',
    `name version description author license homepage path directory ${NAMESPACED} mount_namespace_id~`,
  ),
  table(
    'lxd_cluster',
    'server_name enabled:i member_config_entity member_config_name member_config_key member_config_value member_config_description',
  ),
  table('lxd_cluster_members', 'server_name url database:i status message'),
  table(
    'lxd_images',
    `id architecture os release description aliases filename size:b auto_update:i cached:i public:i
    created_at expires_at uploaded_at last_used_at update_source_server update_source_protocol update_source_certificate
    update_source_alias`,
  ),
  table(
    'lxd_instances',
    `name status stateful:i ephemeral:i created_at base_image architecture os description pid:i
    processes:i`,
  ),
  table('lxd_instance_config', 'name! key value'),
  table('lxd_instance_devices', 'name! device device_type key value'),
  table(
    'lxd_networks',
    `name type managed:i ipv4_address ipv6_address used_by bytes_received:b bytes_sent:b
    packets_received:b packets_sent:b hwaddr state mtu:i`,
  ),
  table('lxd_storage_pools', `name driver source size space_used:b space_total:b inodes_used:b inodes_total:b`),
  table('lxd_certificates', 'name type fingerprint certificate'),
];

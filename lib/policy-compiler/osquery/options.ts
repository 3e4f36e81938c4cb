/**
 * osquery's options that matter to a configuration.
 *
 * @see docs/spec/osquery-protocol.md §7, and osquery's own documentation, "osqueryd command line flags"
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Options for the flag file or command line only. In a configuration, osquery ignores them with a warning. */
export const FLAGFILE_ONLY: ReadonlySet<string> = words(`
  tls_hostname tls_server_certs tls_client_cert tls_client_key proxy_hostname
  tls_session_reuse tls_session_timeout tls_accept_gzip
  enroll_tls_endpoint enroll_secret_path enroll_secret_env enroll_always disable_enrollment disable_reenrollment
  tls_enroll_max_attempts tls_enroll_max_interval
  config_plugin config_tls_endpoint config_tls_max_attempts config_refresh config_accelerated_refresh
  config_enable_backup config_path config_check config_dump
  logger_plugin logger_stderr logger_mode
  disable_carver carver_disable_function carver_start_endpoint carver_continue_endpoint carver_block_size
  carver_compression carver_expiry
  database_path database_dump pidfile force daemonize flagfile install uninstall
  disable_watchdog watchdog_level watchdog_memory_limit watchdog_utilization_limit watchdog_latency_limit
  watchdog_delay watchdog_forced_shutdown_delay enable_watchdog_debug
  enable_extensions_watchdog alarm_timeout
  disable_extensions extensions_socket extensions_autoload extensions_timeout extensions_interval extensions_require

  disable_tables enable_tables keep_container_worker_open aws_enforce_fips

`);

/** Options that a configuration can set. */
export const SETTABLE: ReadonlySet<string> = words(`
  disable_distributed distributed_plugin distributed_tls_read_endpoint distributed_tls_write_endpoint
  distributed_interval distributed_tls_max_attempts distributed_denylist_duration distributed_loginfo

  logger_tls_endpoint logger_tls_period logger_tls_max_lines logger_tls_backoff_max logger_tls_max_linesize
  logger_tls_max logger_tls_compress tls_disable_status_log buffered_log_max
  logger_event_type logger_snapshot_event_type logger_numerics decorations_top_level disable_decorators
  logger_path logger_min_status logger_min_stderr logger_rotate logger_rotate_size logger_rotate_max_files
  logger_kafka_brokers logger_kafka_topic logger_kafka_acks logger_kafka_compression verbose
  host_identifier specified_identifier
  schedule_splay_percent schedule_default_interval schedule_timeout schedule_max_drift schedule_reload
  schedule_epoch schedule_lognames pack_delimiter pack_refresh_interval
  docker_socket read_max hash_cache_max hash_delay yara_delay yara_sigurl_authenticate disable_caching disable_hash_cache
  yara_malloc_trim malloc_trim_threshold disable_memory table_delay thrift_timeout thrift_string_size_limit
  disable_events events_expiry events_max events_optimize enable_ntfs_event_publisher
  disable_audit audit_allow_config audit_allow_process_events audit_allow_sockets audit_allow_fim_events
  audit_allow_user_events audit_allow_selinux_events audit_allow_apparmor_events audit_allow_seccomp_events
  audit_allow_fork_process_events audit_allow_kill_process_events audit_allow_null_accept_socket_events
  audit_allow_accept_socket_events audit_allow_unix audit_persist audit_debug audit_fim_debug audit_force_reconfigure
  audit_force_unconfigure audit_backlog_limit audit_backlog_wait_time audit_show_partial_fim_events
  audit_show_untracked_res_warnings
  enable_file_events enable_bpf_events enable_syslog syslog_pipe_path syslog_rate_limit
  bpf_buffer_storage_size bpf_perf_event_array_exp
  enable_numeric_monitoring numeric_monitoring_plugins numeric_monitoring_filesystem_path
  numeric_monitoring_pre_aggregation_time
  aws_region aws_sts_region aws_sts_arn_role aws_sts_session_name aws_sts_timeout aws_profile_name aws_access_key_id
  aws_secret_access_key aws_session_token aws_firehose_stream aws_firehose_period aws_firehose_endpoint
  aws_kinesis_stream aws_kinesis_period aws_kinesis_endpoint aws_kinesis_random_partition_key aws_debug aws_disable_imdsv1_fallback
  aws_imdsv2_request_attempts aws_imdsv2_request_interval aws_proxy_host aws_proxy_port aws_proxy_scheme
  aws_proxy_username aws_proxy_password aws_enable_proxy
  worker_threads tls_dump tls_secret_always tls_enroll_override events_enforce_denylist
  log_numerics_as_numbers osquery_log_dir disable_logging logger_status_sync logger_syslog_facility
  logger_syslog_prepend_cee syslog_events_expiry syslog_events_max audit_allow_failed_socket_events
  audit_fim_show_accesses aws_firehose_region aws_kinesis_region aws_kinesis_disable_log_status
  enable_dns_lookup_events dns_resolver_refresh_interval enable_foreign enable_keyboard_events enable_mouse_events
  enable_yara_string enable_powershell_events_subscriber enable_process_etw_events enable_windows_events_publisher
  enable_windows_events_subscriber windows_event_channels disable_endpointsecurity disable_endpointsecurity_fim
  es_fim_enable_open_events es_fim_mute_path_literal es_fim_mute_path_prefix keychain_access_cache
  keychain_access_interval hardware_disabled_types ignore_registry_exceptions ignore_table_exceptions lxd_socket
  regex_max_size schedule_reload_sql profile_delay users_service_delay users_service_interval groups_service_delay
  groups_service_interval watchdog_max_delay thrift_verbose rocksdb_background_flushes rocksdb_buffer_blocks
  rocksdb_merge_number rocksdb_write_buffer experiment_list
  nullvalue utc augeas_lenses
`);

/** Aliases of flag-file-only options that osquery accepts in a configuration. The next refresh uses them. */
export const REFRESH_ALIASES: ReadonlySet<string> = words('config_tls_refresh config_tls_accelerated_refresh');

/** osquery keeps any option with this prefix, for extensions. */
export const CUSTOM_PREFIX = 'custom_';

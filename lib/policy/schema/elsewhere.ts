const names = (platforms: string, text: string): [string, string][] =>
  text
    .trim()
    .split(/\s+/)
    .map((name) => [name, platforms]);

/** Tables that osquery has on other systems and not on Linux: name → where. */
export const TABLES_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ...names(
    'macOS',
    `account_policy_data ad_config alf alf_exceptions alf_explicit_auths app_schemes apps asl authorization_mechanisms
    authorizations battery browser_plugins connected_displays crashes cups_destinations cups_jobs device_firmware disk_events
    es_process_events es_process_file_events event_taps fan_speed_sensors gatekeeper gatekeeper_approved_apps
    homebrew_packages ibridge_info iokit_devicetree iokit_registry kernel_extensions kernel_panics keychain_acls
    keychain_items launchd launchd_overrides location_services managed_policies mdfind mdls nfs_shares nvram
    package_bom package_install_history package_receipts password_policy plist power_sensors preferences quicklook_cache
    running_apps safari_extensions sandboxes screenlock shared_folders sharing_preferences signature sip_config
    smc_keys system_extensions system_profiler certificate_trust_settings temperature_sensors time_machine_backups time_machine_destinations unified_log
    user_interaction_events virtual_memory_info wifi_networks wifi_status wifi_survey xprotect_entries
    xprotect_meta xprotect_reports`,
  ),
  ...names(
    'Windows',
    `appcompat_shims authenticode autoexec background_activities_moderator bitlocker_info chassis_info
    chocolatey_packages connectivity default_environment deviceguard_status disk_info dns_cache dns_lookup_events drivers
    ie_extensions kva_speculative_info logical_drives logon_sessions ntdomains ntfs_acl_permissions
    ntfs_journal_events office_mru patches physical_disk_performance pipes powershell_events prefetch process_etw_events process_open_handles recent_files
    programs registry scheduled_tasks security_profile_info services shared_resources shellbags shimcache
    tpm_info userassist video_info winbaseobj windows_crashes windows_eventlog windows_events
    windows_firewall_rules windows_optional_features windows_search windows_security_center windows_security_products
    windows_update_history wmi_bios_info wmi_cli_event_consumers wmi_event_filters wmi_filter_consumer_binding
    wmi_script_event_consumers`,
  ),
]);

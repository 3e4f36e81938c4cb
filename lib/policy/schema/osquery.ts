import { table } from './table-facts.ts';

/** The agent itself, and the cloud it runs in. */
export const AGENT_TABLES = [
  table(
    'osquery_info',
    `pid:i uuid instance_id version config_hash config_valid:i extensions build_platform build_distro start_time:i
    watcher:i platform_mask:i`,
  ),
  table('osquery_flags', 'name type description default_value value shell_only:i'),
  table(
    'osquery_schedule',
    `name query interval:i executions:b last_executed:b denylisted:i output_size:b wall_time:b wall_time_ms:b
    last_wall_time_ms:b user_time:b last_user_time:b system_time:b last_system_time:b average_memory:b last_memory:b`,
  ),
  table('osquery_packs', 'name platform version shard:i discovery_cache_hits:i discovery_executions:i active:i'),
  table('osquery_events', 'name publisher type subscriptions:i events:i refreshes:i active:i'),
  table('osquery_extensions', 'uuid:b name version sdk_version path type'),
  table('osquery_registry', 'registry name owner_uuid:i internal:i active:i'),
];

export const CLOUD_TABLES = [
  table(
    'ec2_instance_metadata',
    `instance_id instance_type architecture region availability_zone local_hostname local_ipv4 mac security_groups
    iam_arn ami_id reservation_id account_id ssh_public_key`,
  ),
  table('ec2_instance_tags', 'instance_id key value'),
  table(
    'azure_instance_metadata',
    `location name offer publisher sku version os_type platform_update_domain platform_fault_domain vm_id vm_size
    subscription_id resource_group_name placement_group_id vm_scale_set_name zone`,
  ),
  table('azure_instance_tags', 'vm_id key value'),
  table(
    'ycloud_instance_metadata',
    `instance_id folder_id cloud_id name description hostname zone ssh_public_key serial_port_enabled metadata_endpoint`,
  ),
];

/** Off EC2 they wait minutes for an address that does not answer, and block the agent's thread. @see docs/spec/osquery-protocol.md §12.5 */
export const BLOCKS_OFF_EC2: ReadonlySet<string> = new Set(['ec2_instance_metadata', 'ec2_instance_tags']);

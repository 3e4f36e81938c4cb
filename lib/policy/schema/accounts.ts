import { NAMESPACED, table } from './table-facts.ts';

/** People, their keys, and what they left in their homes. */
export const ACCOUNT_TABLES = [
  table(
    'users',
    `uid:b gid:b uid_signed:b gid_signed:b username description directory shell uuid include_remote:i~
    ${NAMESPACED}`,
  ),
  table('groups', `gid:b gid_signed:b groupname ${NAMESPACED}`),
  table('user_groups', 'uid:b gid:b'),
  table('shadow', 'password_status hash_alg last_change:b min:b max:b warning:b inactive:b expire:b flag:b username'),
  table('sudoers', 'source header rule_details'),
  table('authorized_keys', `uid:b algorithm key options comment key_file ${NAMESPACED}`),
  table('known_hosts', 'uid:b key key_file'),
  table('ssh_configs', 'uid:b block option ssh_config_file'),
  table(
    'user_ssh_keys',
    `uid:b path encrypted:i key_type key_group_name key_length:i key_security_bits:i ${NAMESPACED}`,
  ),
  table('shell_history', 'uid:b time:i command history_file'),
  table(
    'chrome_extensions',
    `browser_type uid:b name profile profile_path referenced_identifier identifier version description default_locale
    current_locale update_url author persistent:i path permissions permissions_json~ optional_permissions
    optional_permissions_json~ manifest_hash referenced:b from_webstore state install_time install_timestamp:b
    manifest_json~ key~`,
  ),
  table(
    'firefox_addons',
    `uid:b name identifier creator type version description source_url visible:i active:i disabled:i autoupdate:i
    location path`,
  ),
  table(
    'vscode_extensions',
    'name uuid version path publisher publisher_id installed_at:b prerelease:i uid:b vscode_edition',
  ),
  table('jetbrains_plugins', 'product_type uid:b name version vendor path'),
];

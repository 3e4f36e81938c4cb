/** What osquery adds to SQLite's functions: name → numbers of arguments. @see osquery, "SQL introduction" */
export const OSQUERY_FUNCTIONS: Readonly<Record<string, readonly number[]>> = {
  // text
  split: [3],
  regex_split: [3],
  regex_match: [3],
  to_base64: [1],
  from_base64: [1],
  conditional_to_base64: [1],
  concat: [-1],
  concat_ws: [-1],
  // hashes
  md5: [1],
  sha1: [1],
  sha256: [1],
  community_id_v1: [5, 6],
  // addresses
  inet_aton: [1],
  in_cidr_block: [2],
  // files and versions
  carve: [1],
  version_compare: [2, 3],
  // numbers, beside those SQLite brings
  cot: [1],
};

/** Orders of versions, for `COLLATE`. */
export const OSQUERY_COLLATIONS = ['version', 'version_arch', 'version_dpkg', 'version_rhel'];

/** What osquery adds to SQLite's functions: name → numbers of arguments, -1 for any. @see osquery, "SQL introduction" */
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
  soundex: [1],
  // hashes
  md5: [1],
  sha1: [1],
  sha256: [1],
  community_id_v1: [5, 6],
  community_id_v1_strict: [5, 6],
  // addresses
  inet_aton: [1],
  in_cidr_block: [2],
  // files and versions
  carve: [1],
  parent_directory: [1],
  find_file_path_in_cmd: [-1],
  is_path_deterministic: [-1],
  version_compare: [-1],
  sleep: [1],
  // numbers: osquery's own, in place of SQLite's math functions
  sqrt: [1],
  acos: [1],
  asin: [1],
  atan: [1],
  cos: [1],
  sin: [1],
  tan: [1],
  cot: [1],
  exp: [1],
  log: [1],
  log10: [1],
  power: [2],
  ceil: [1],
  floor: [1],
  degrees: [1],
  radians: [1],
  pi: [0],
};

const words = (text: string): string[] => text.trim().split(/\s+/);

/**
 * The functions of SQLite 3.42 in osquery's build: without math functions, full-text search, R-trees and sqlite_offset.
 *
 * @see https://www.sqlite.org/lang_corefunc.html, as of 3.42
 */
const SQLITE_FUNCTIONS = words(`
  -> ->> abs avg changes char coalesce count cume_dist current_date current_time current_timestamp date datetime
  dense_rank first_value format glob group_concat hex ifnull iif instr json json_array json_array_length
  json_error_position json_extract json_group_array json_group_object json_insert json_object json_patch json_quote
  json_remove json_replace json_set json_type json_valid julianday lag last_insert_rowid last_value lead length like
  likelihood likely lower ltrim max min nth_value ntile nullif percent_rank printf quote random randomblob rank replace
  round row_number rtrim sign sqlite_compileoption_get sqlite_compileoption_used sqlite_log sqlite_source_id
  sqlite_version strftime substr substring subtype sum time total total_changes trim typeof unhex unicode unixepoch
  unlikely upper zeroblob
`);

/** Every function that a query may call. */
export const FUNCTIONS: ReadonlySet<string> = new Set([...SQLITE_FUNCTIONS, ...Object.keys(OSQUERY_FUNCTIONS)]);

/** Functions that take another number of arguments in later releases of SQLite, or among its math functions. */
export const FIXED_ARGUMENTS: Readonly<Record<string, number>> = { iif: 3, json_valid: 1, log: 1 };

/** osquery's collations, which order versions. */
export const OSQUERY_COLLATIONS = ['version', 'version_arch', 'version_dpkg', 'version_rhel'];

/** Tables of SQLite that osquery lets a query read. */
const SQLITE_TABLES: ReadonlySet<string> = new Set([
  ...['json_each', 'json_tree', 'dbstat'],
  ...['sqlite_master', 'sqlite_schema', 'sqlite_temp_master', 'sqlite_temp_schema'],
  ...['pragma_table_info', 'pragma_table_xinfo', 'pragma_function_list', 'pragma_collation_list'],
]);

/** Whether a table exists in our SQLite but not in osquery's. */
export const isOnlyHere = (table: string): boolean =>
  !SQLITE_TABLES.has(table) && /^(?:pragma_|fts|rtree|sqlite_stmt$|sqlite_dbpage$|bytecode$|tables_used$)/.test(table);

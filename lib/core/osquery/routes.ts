/** The endpoints of the TLS API. */
export type Endpoint = 'enroll' | 'config' | 'log' | 'read' | 'write';

// The last segment decides, so any prefix works: a stage, /v1, /api/osquery, an osctrl environment. The names are those of
// the servers in docs/reference/paths.md; three of these servers write read and write as one word.
const PATHS: ReadonlyMap<string, Endpoint> = new Map([
  ['enroll', 'enroll'],
  ['config', 'config'],
  ['configure', 'config'],
  ['log', 'log'],
  ['logger', 'log'],
  ['read', 'read'],
  ['distributed_read', 'read'],
  ['distributedRead', 'read'],
  ['write', 'write'],
  ['distributed_write', 'write'],
  ['distributedWrite', 'write'],
  ['osquery_enroll', 'enroll'],
  ['osquery_config', 'config'],
  ['osquery_log', 'log'],
  ['osquery_read', 'read'],
  ['osquery_write', 'write'],
]);

/**
 * The endpoint of a path, or undefined; a trailing slash and a query string are allowed.
 *
 * @example endpointOf('/prod/api/v1/osquery/distributed/read/') // 'read'
 */
export function endpointOf(path: string): Endpoint | undefined {
  const segments = segmentsOf(path);
  // Fleet's orbit speaks another protocol with the same path names.
  return segments.at(-2) === 'orbit' ? undefined : PATHS.get(segments.at(-1) ?? '');
}

const segmentsOf = (path: string): string[] => path.split('?', 1)[0]?.split('/').filter(Boolean) ?? [];

// An agent treats any JSON reply to a carve request as accepted (docs/spec/osquery-protocol.md §3.5).
const CARVE = new Set([
  ...['start', 'continue', 'begin', 'block', 'init', 'carve_init', 'carve_block', 'carver_init', 'carver_block'],
]);

/** Whether a path is one of the carving endpoints of any server. */
export const isCarve = (path: string): boolean => CARVE.has(segmentsOf(path).at(-1) ?? '');

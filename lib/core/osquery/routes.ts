/** What an agent can ask of the TLS API. */
export type Endpoint = 'enroll' | 'config' | 'log' | 'read' | 'write';

// The last segment decides, so any prefix is fine: a stage, /v1, /api/osquery, an osctrl environment.
// The names are those of the servers in docs/reference/paths.md; two of them use one word for read and write.
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
]);

/** The endpoint a path means, or undefined; a trailing slash and a query string are allowed. */
export function endpointOf(path: string): Endpoint | undefined {
  const segments = segmentsOf(path);
  // Fleet's orbit speaks another protocol with the same words.
  return segments.at(-2) === 'orbit' ? undefined : PATHS.get(segments.at(-1) ?? '');
}

const segmentsOf = (path: string): string[] => path.split('?', 1)[0]?.split('/').filter(Boolean) ?? [];

// Carving takes no JSON for an answer that refuses (docs/spec/osquery-protocol.md §3.5): any JSON body counts as accepted.
const CARVE = new Set(['start', 'continue', 'begin', 'block', 'init', 'carve_init', 'carve_block']);

/** Whether a path is one of the carving endpoints of any server. */
export const isCarve = (path: string): boolean => CARVE.has(segmentsOf(path).at(-1) ?? '');

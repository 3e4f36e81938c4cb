import { MayflyError } from '../errors.ts';
import type { NodeClaim } from '../nodes/node-key.ts';
import type { AgentRequest } from './agent-request.ts';
import { type AccessDeps, type Bearer, bearerOf } from './node-access.ts';
import { nodeInvalid, type Reply, refused } from './replies.ts';
import { type BodyBounds, MAX_INFLATED_BYTES, type RequestBody } from './request-body.ts';
import { keyInHeader, nodeKeyOf } from './request-key.ts';
import type { Endpoint } from './routes.ts';

/** Far above any real request: a batch of differential rows has six levels. */
const MAX_DEPTH = 64;

/**
 * Bounds of config, read and enroll requests. The first two hold a node key, the last about sixty columns of four tables: 3 KB.
 * They also bound what is parsed of a request without a valid key.
 */
const SMALL: BodyBounds = { maxBytes: 64 * 1024, maxValues: 500, maxDepth: MAX_DEPTH, maxInflatedBytes: 0 };

/**
 * Bounds of a node's data: as many bytes as the front accepts. Rows are names and texts, so even the largest body of a real
 * agent has fewer values than `maxValues`. That many values take at most 100 MB of memory.
 */
const LARGE: BodyBounds = { maxBytes: Infinity, maxValues: 1_000_000, maxDepth: MAX_DEPTH, maxInflatedBytes: 0 };

/** How much of a request with a valid key is parsed; an enroll request needs no key. */
export function bodyBoundsOf(endpoint: Endpoint): BodyBounds {
  switch (endpoint) {
    case 'enroll':
    case 'config':
    case 'read':
      return SMALL;
    case 'write':
      return LARGE;
    case 'log':
      return { ...LARGE, maxInflatedBytes: MAX_INFLATED_BYTES }; // `logger_tls_compress`; agents compress nothing else
    default:
      return endpoint satisfies never;
  }
}

/** The body as JSON, or why it cannot be read. */
export function documentOf(body: RequestBody, bounds: BodyBounds): { document: unknown } | { problem: string } {
  try {
    return { document: body.document(bounds) };
  } catch (error) {
    if (error instanceof MayflyError) return { problem: error.message };
    throw error;
  }
}

type Keyed = Pick<AgentRequest, 'authorization' | 'body'>;
type KeyDeps = Pick<AccessDeps, 'nodeKeySecret'>;

/** What the agent gets instead of an answer. */
interface Refusal {
  readonly refusal: Reply;
}

/** The claim of a config or read request whose key has a valid signature. */
export async function claimIn(
  endpoint: 'config' | 'read',
  request: Keyed,
  deps: KeyDeps,
): Promise<{ readonly claim: NodeClaim } | Refusal> {
  const bearer = await bearerIn(endpoint, request, deps);
  if ('refusal' in bearer) return bearer;
  const read = documentOf(request.body, bodyBoundsOf(endpoint));
  if ('problem' in read) return { refusal: refused(read.problem) };
  const isSame = nodeKeyOf(read.document, request.authorization) === bearer.key;
  return isSame ? { claim: bearer.claim } : { refusal: nodeInvalid };
}

/** Finds a node key with a valid signature in the header, or near the ends of the body. The parsed body may contain another key. */
export async function bearerIn(
  endpoint: Endpoint,
  { authorization, body }: Keyed,
  deps: KeyDeps,
): Promise<Bearer | Refusal> {
  const inHeader = keyInHeader(authorization);
  const keys = inHeader === undefined ? await body.claimedKeys(endpoint === 'log') : [inHeader];
  return (await bearerOf(keys, deps)) ?? { refusal: keys.length > 0 ? nodeInvalid : withoutKey(body) };
}

/** The reply to a request without a key. If its body is readable, the agent has to enroll; an unreadable one may hold a key. */
function withoutKey(body: RequestBody): Reply {
  const read = documentOf(body, bodyBoundsOf('read'));
  return 'problem' in read ? refused(`no node key was found, and ${read.problem}`) : nodeInvalid;
}

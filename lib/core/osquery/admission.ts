import { MayflyError } from '../errors.ts';
import { type BodyBounds, MAX_INFLATED_BYTES, type RequestBody } from './request-body.ts';
import { keyInHeader } from './requests.ts';
import type { Endpoint } from './routes.ts';

/** A batch of differential rows has six levels. */
const MAX_DEPTH = 64;

/**
 * Config and read requests hold a node key, enroll requests some sixty columns of four tables: 3 KB. This is also all that is
 * parsed of a request without a key of ours.
 */
const SMALL: BodyBounds = { maxBytes: 64 * 1024, maxValues: 500, maxDepth: MAX_DEPTH, maxInflatedBytes: 0 };

/**
 * Data of a node: as large as its front lets it through. Rows are names and texts, so that the largest honest body has fewer
 * values than this; as many take 100 MB at most.
 */
const LARGE: BodyBounds = { maxBytes: Infinity, maxValues: 1_000_000, maxDepth: MAX_DEPTH, maxInflatedBytes: 0 };

/** What is read of a request whose key is ours; of an enrollment, which has no key, always. */
export function boundsOf(endpoint: Endpoint): BodyBounds {
  switch (endpoint) {
    case 'enroll':
    case 'config':
    case 'read':
      return SMALL;
    case 'write':
      return LARGE;
    case 'log':
      return { ...LARGE, maxInflatedBytes: MAX_INFLATED_BYTES }; // `logger_tls_compress`; nothing else of an agent is ever packed
    default:
      return endpoint satisfies never;
  }
}

/** The keys that a request may carry: the one of its header, else what stands at the ends of its body. */
export async function keysOf(
  endpoint: Endpoint,
  { authorization, body }: { readonly authorization?: string; readonly body: RequestBody },
): Promise<readonly string[]> {
  const key = keyInHeader(authorization);
  return key === undefined ? body.claimedKeys(endpoint === 'log') : [key];
}

/** The body as JSON, or why it is not read. */
export function documentOf(body: RequestBody, bounds: BodyBounds): { document: unknown } | { problem: string } {
  try {
    return { document: body.document(bounds) };
  } catch (error) {
    if (error instanceof MayflyError) return { problem: error.message };
    throw error;
  }
}

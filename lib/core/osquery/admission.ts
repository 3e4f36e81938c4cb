import { MayflyError } from '../errors.ts';
import { type BodyBounds, MAX_INFLATED_BYTES, type RequestBody } from './request-body.ts';
import { keyInHeader } from './requests.ts';
import type { Endpoint } from './routes.ts';

/** Far above any real request: a batch of differential rows has six levels. */
const MAX_DEPTH = 64;

/**
 * Bounds of config, read and enroll requests. The first two hold a node key, the last about sixty columns of four tables: 3 KB.
 * They also bound what is parsed of a request without a valid key.
 */
const SMALL: BodyBounds = { maxBytes: 64 * 1024, maxValues: 500, maxDepth: MAX_DEPTH, maxInflatedBytes: 0 };

/**
 * Bounds of a node's data: as many bytes as the front accepts. Rows are names and texts, so the largest honest body has fewer
 * values than this; so many values take at most 100 MB of memory.
 */
const LARGE: BodyBounds = { maxBytes: Infinity, maxValues: 1_000_000, maxDepth: MAX_DEPTH, maxInflatedBytes: 0 };

/** How much of a request with a valid key is parsed; an enroll request needs no key. */
export function boundsOf(endpoint: Endpoint): BodyBounds {
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

/** The keys that a request may carry: the one in its header, otherwise those near the ends of its body. */
export async function keysOf(
  endpoint: Endpoint,
  { authorization, body }: { readonly authorization?: string; readonly body: RequestBody },
): Promise<readonly string[]> {
  const key = keyInHeader(authorization);
  return key === undefined ? body.claimedKeys(endpoint === 'log') : [key];
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

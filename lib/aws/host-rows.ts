import type { Node } from '../core/nodes/node.ts';

/** The partition of a host: its node, its deliveries, its pending queries. */
export const hostKey = (host: string): string => `HOST#${host}`;

/** A node as its row holds it; `expiresAt` is TTL's, in epoch seconds. */
export function nodeOf(item: Record<string, unknown>): Node {
  const { pk: _, sk: __, expiresAt, ...rest } = item;
  return { ...(rest as unknown as Node), expiresAtMs: Number(expiresAt) * 1000 };
}

import * as z from 'zod/mini';
import type { NodeMatch } from './policy.ts';

const texts = z.optional(z.array(z.string()));

/** The shape of conditions on nodes, where they come from outside. */
export const nodeMatchShape = {
  hostIdentifier: texts,
  hostname: texts,
  platform: texts,
  osqueryVersion: texts,
  vendor: texts,
  secret: texts,
  tags: z.optional(z.record(z.string(), z.array(z.string()))),
  profile: texts,
  seenWithinSeconds: z.optional(z.number()),
} satisfies { readonly [K in keyof NodeMatch]-?: z.ZodMiniType<NodeMatch[K]> };

import * as z from 'zod/mini';
import { nodeMatchShape } from '../policy/node-match-shape.ts';
import type { NodeMatch, Platform } from '../policy/policy.ts';
import { CAMPAIGN_ID } from './campaign.ts';

/**
 * The detail type of events about campaigns on Mayfly's bus. IAM can grant it apart from other requests, with the condition
 * key `events:detail-type`.
 */
export const CAMPAIGN_EVENT = 'Mayfly Campaign';

/** The most host names in one event: an event of 1 MB holds twice as many. */
export const MAX_NAMED_HOSTS = 5_000;
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600;
const MIN_EXPIRES_SECONDS = 10;

/** What a person asks. */
export interface CampaignRequest {
  readonly campaign: string; // the id
  readonly sql: string;
  readonly askedBy: string;
  /** The target in the asker's words. */
  readonly target: string;
  /** Host identifiers, or conditions that every asked node meets. */
  readonly hosts?: readonly string[];
  readonly where?: NodeMatch;
  /** Platforms that have all tables of the query; other hosts are not asked. @default - every platform */
  readonly platforms?: readonly Platform[];
  readonly expiresSeconds: number;
}

/** The withdrawal of a campaign. */
export interface Cancellation {
  readonly campaign: string;
  readonly cancel: true;
}

/** An event about a campaign. */
export interface CampaignEvent {
  readonly id: string;
  readonly occurredAtMs: number;
  readonly request: CampaignRequest | Cancellation;
}

const id = z.string().check(z.regex(CAMPAIGN_ID));
const text = (most: number) => z.string().check(z.maxLength(most));

const question: z.ZodMiniType<CampaignRequest> = z.strictObject({
  campaign: id,
  sql: text(20_000), // `refusalOf` has the exact limit, and an answer
  askedBy: text(2_000),
  target: text(2_000),
  hosts: z.optional(z.array(text(1_000)).check(z.maxLength(MAX_NAMED_HOSTS))),
  where: z.optional(z.strictObject(nodeMatchShape)),
  platforms: z.optional(z.array(z.enum(['linux', 'darwin', 'windows']))),
  expiresSeconds: z.number().check(z.gte(MIN_EXPIRES_SECONDS), z.lte(MAX_EXPIRES_SECONDS)),
});
const cancellation: z.ZodMiniType<Cancellation> = z.strictObject({ campaign: id, cancel: z.literal(true) });

/**
 * Parses the detail of an event about a campaign. Unknown fields are errors: a condition that is not understood must not
 * reach more hosts.
 *
 * @returns the first problem if it is neither a question nor a cancellation
 */
export function parseCampaign(
  detail: unknown,
): { readonly request: CampaignRequest | Cancellation } | { readonly why: string } {
  const isCancellation = typeof detail === 'object' && detail !== null && 'cancel' in detail;
  const read = isCancellation ? cancellation.safeParse(detail) : question.safeParse(detail);
  if (!read.success) {
    const [issue] = read.error.issues;
    return { why: `detail.${issue?.path.join('.') ?? ''}: ${issue?.code.replaceAll('_', ' ')}` };
  }
  if ('cancel' in read.data) return { request: read.data };
  if ((read.data.hosts === undefined) === (read.data.where === undefined))
    return { why: 'detail: needs either hosts or where' };
  return { request: read.data };
}

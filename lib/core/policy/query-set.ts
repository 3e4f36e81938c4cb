import type { PolicyQuery } from './policy.ts';

/** Why a query was queued; this determines what an answer to it proves. */
export type QuerySet = 'live' | 'last-gasp' | 'post-mortem' | 'launch' | 'enrollment' | 'log' | 'request' | 'campaign';

/** Which returned rows prove a sighting, according to the policy. */
export type Evidence = NonNullable<PolicyQuery['evidence']>;

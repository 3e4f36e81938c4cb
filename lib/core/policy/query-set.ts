import type { PolicyQuery } from './policy.ts';

/** How a query came to be asked; an answer to it proves different things. */
export type QuerySet = 'live' | 'last-gasp' | 'post-mortem' | 'launch' | 'enrollment' | 'log' | 'request';

/** Which returned rows prove what, as the policy says it. */
export type Evidence = NonNullable<PolicyQuery['evidence']>;

import type { Platform } from '../policy/policy.ts';
import type { Refusal } from '../policy/rule-queries.ts';
import type { PendingQuery } from './pending-query.ts';

/**
 * The platform of a host, from the `os_version.platform` that its agent sent at enrollment: on Linux the name of a
 * distribution.
 *
 * @returns undefined if the agent sent none
 */
export function platformOf(platform: string | undefined): Platform | undefined {
  if (!platform) return undefined;
  return platform === 'windows' || platform === 'darwin' ? platform : 'linux';
}

/** Leaves out queries that a host's platform has no tables for; a host of unknown platform gets all queries. */
export function onPlatform(
  { queries, refusals }: { readonly queries: readonly PendingQuery[]; readonly refusals: readonly Refusal[] },
  platform: Platform | undefined,
): { readonly queries: readonly PendingQuery[]; readonly refusals: readonly Refusal[] } {
  const lacks = ({ platforms }: PendingQuery) => platform !== undefined && platforms?.includes(platform) === false;
  const refused = queries
    .filter(lacks)
    .map(({ rule, query }): Refusal => ({ rule, query, problem: 'not-on-platform' }));
  return { queries: queries.filter((query) => !lacks(query)), refusals: [...refusals, ...refused] };
}

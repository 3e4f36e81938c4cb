import type { Policy, PolicyStore } from './policy.ts';
import { SHIPPED_BY, versionAfter } from './policy-version.ts';

/** The policy that an empty table gets. */
export interface BuiltIn {
  readonly policy: Policy;
  readonly sources: Readonly<Record<string, string>>;
}

/**
 * Writes version 1 into a table that has no policy. Any version that is already there stays.
 *
 * @returns whether this call wrote it
 */
export async function seedPolicy(
  store: Pick<PolicyStore, 'liveNumber' | 'push'>,
  builtIn: BuiltIn,
  nowMs: number,
): Promise<boolean> {
  if ((await store.liveNumber()) > 0) return false;
  const draft = { ...builtIn, message: 'The default policy', pushedBy: SHIPPED_BY, pushedAtMs: nowMs };
  return store.push(versionAfter(0, draft), 0);
}

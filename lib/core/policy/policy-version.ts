import { createHash } from 'node:crypto';
import { canonical } from './canonical.ts';
import type { Policy, PolicyVersion } from './policy.ts';

/** What a version is made of; its number follows the one it replaces. */
export interface Draft {
  readonly policy: Policy;
  readonly sources: Readonly<Record<string, string>>;
  readonly message: string;
  readonly pushedBy: string;
  readonly pushedAtMs: number;
}

/** Who pushed the default policy that a new Mayfly starts with. */
export const SHIPPED_BY = 'mayfly';

/** The version that a push of this draft onto version `expected` would make live. */
export const versionAfter = (expected: number, draft: Draft): PolicyVersion => ({
  ...draft,
  version: expected + 1,
  digest: digestOf(draft.policy),
});

/** SHA-256 of the policy's canonical JSON, in hex: the order of keys does not matter, the order of rules does. */
function digestOf(policy: Policy): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(policy)))
    .digest('hex');
}

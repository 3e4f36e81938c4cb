import { createHash } from 'node:crypto';
import { canonical } from './canonical.ts';
import type { Policy, PolicyVersion } from './policy.ts';

/** The content of a new version, before it gets its number and digest. */
export interface NewVersion {
  readonly policy: Policy;
  readonly sources: Readonly<Record<string, string>>;
  readonly message: string;
  readonly pushedBy: string;
  readonly pushedAtMs: number;
}

/** `pushedBy` of the default policy that a new installation starts with. */
export const SHIPPED_BY = 'mayfly';

/** The version that results from pushing this draft onto version `expected`. */
export const versionAfter = (expected: number, draft: NewVersion): PolicyVersion => ({
  ...draft,
  version: expected + 1,
  digest: digestOf(draft.policy),
});

/** SHA-256 of the policy's canonical JSON, in hex: independent of the order of keys, but not of the order of rules. */
function digestOf(policy: Policy): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(policy)))
    .digest('hex');
}

import type { Policy, PolicyVersion } from '../lib/core/policy/policy.ts';

/** The policy that Mayfly comes with: compiled, and as the files it was compiled from. */
declare const builtIn: { readonly policy: Policy; readonly sources: PolicyVersion['sources'] };
export default builtIn;

import { type CompiledPolicy, compiledPolicy } from './compiled-policy.ts';
import type { PolicyVersion } from './policy.ts';

/** The policy in force, its patterns compiled. */
export type LivePolicy = () => Promise<CompiledPolicy>;

/** Follows a source of versions; each version is compiled once. */
export function livePolicy(versions: { get(): Promise<PolicyVersion> }): LivePolicy {
  let compiled: { readonly digest: string; readonly policy: CompiledPolicy } | undefined;
  return async () => {
    const { digest, policy } = await versions.get();
    if (compiled?.digest !== digest) compiled = { digest, policy: compiledPolicy(policy) };
    return compiled.policy;
  };
}

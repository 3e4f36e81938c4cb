import { type CompiledPolicy, compiledPolicy } from './compiled-policy.ts';
import type { PolicyVersion } from './policy.ts';

/** Returns the live policy with compiled patterns. */
export type LivePolicy = () => Promise<CompiledPolicy>;

/** Compiles the live version of a source; each version once. */
export function livePolicy(versions: { get(): Promise<PolicyVersion> }): LivePolicy {
  let compiled: { readonly digest: string; readonly policy: CompiledPolicy } | undefined;
  return async () => {
    const { digest, policy } = await versions.get();
    if (compiled?.digest !== digest) compiled = { digest, policy: compiledPolicy(policy) };
    return compiled.policy;
  };
}

import { looksLikeInstance } from '../nodes/host-identifier.ts';
import { attestationOf, type Proof } from './identity-document.ts';
import type { Trust } from './trust.ts';

/** Whether attestation lets an agent enroll under its identifier. */
export type Admission =
  /**
   * @property attested the instance that a document proves
   * @property issue why the agent counts as unattested although it should be attested
   */
  | { readonly kind: 'admitted'; readonly attested?: string; readonly issue?: string }
  | { readonly kind: 'refused'; readonly why: string };

const LACKING = 'its enroll secret file has no instance identity document';

/** Decides from the mode, the identifier and the agent's identity document, if any. */
export function admit(identifier: string, proof: Proof | undefined, trust: Trust, nowMs: number): Admission {
  if (trust.mode === 'off') return { kind: 'admitted' };
  const isInstance = looksLikeInstance(identifier);
  const checked = proof && attestationOf(proof, trust, nowMs);
  if (checked?.kind === 'attested') {
    const { instanceId } = checked;
    if (isInstance && identifier !== instanceId)
      return { kind: 'refused', why: `the identity document is for ${instanceId}, not for ${identifier}` };
    return { kind: 'admitted', attested: instanceId };
  }
  const why = checked?.why ?? LACKING;
  if (isInstance && trust.mode === 'required') return { kind: 'refused', why };
  return { kind: 'admitted', issue: isInstance || checked ? why : undefined };
}

import { identifierOf, looksLikeInstance } from '../nodes/host-identifier.ts';
import { attestationOf, type Proof } from './identity-document.ts';
import type { Trust } from './trust.ts';

/** Whether an agent may enroll under its identifier, as far as attestation goes. */
export type Admission =
  /**
   * @property attested the instance that a document names
   * @property issue why the agent counts as unattested although it should not be
   */
  | { readonly kind: 'admitted'; readonly attested?: string; readonly issue?: string }
  | { readonly kind: 'refused'; readonly why: string };

const LACKING = 'it brought no instance identity document in its enroll secret file';

/** Decides by the mode, the identifier, and the document that the agent brought, if any. */
export function admit(identifier: string, proof: Proof | undefined, trust: Trust, nowMs: number): Admission {
  if (trust.mode === 'off') return { kind: 'admitted' };
  const isInstance = looksLikeInstance(identifier);
  const checked = proof && attestationOf(proof, trust, nowMs);
  if (checked?.kind === 'attested') {
    const { instanceId } = checked;
    if (isInstance && identifier !== instanceId)
      return { kind: 'refused', why: `the identity document is of ${instanceId}, not of ${identifier}` };
    return { kind: 'admitted', attested: instanceId };
  }
  const why = checked?.why ?? LACKING;
  if (isInstance && trust.mode === 'required') return { kind: 'refused', why };
  return { kind: 'admitted', issue: isInstance || checked ? why : undefined };
}

/** Whether a node that enrolled before may go on under its name. */
export const isAdmitted = (node: { readonly host: string; readonly attested?: boolean }, { mode }: Trust): boolean =>
  mode !== 'required' || node.attested === true || !looksLikeInstance(identifierOf(node.host));

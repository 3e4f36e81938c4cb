import { identifierOf, looksLikeInstance } from '../nodes/host-identifier.ts';

/**
 * `off`: documents are ignored. `preferred`: an agent with a document takes its instance's name from an agent without one; an
 * agent without one gets the name if it is the first, and is a fleet issue. `required`: only an agent with a document gets an
 * instance's name.
 */
export type AttestMode = 'off' | 'preferred' | 'required';

/** Whether an enrolled node may keep its name under the current mode. */
export const isAdmitted = (node: { readonly host: string; readonly attested?: boolean }, mode: AttestMode): boolean =>
  mode !== 'required' || node.attested === true || !looksLikeInstance(identifierOf(node.host));

import { NO_TRUST } from '../attest/trust.ts';
import { noteContest, noteUnattested } from '../fleet/note-contest.ts';
import { type Contest, learnInstance } from '../hosts/learn-instance.ts';
import type { Node } from '../nodes/node.ts';
import type { TlsApiDeps } from './deps.ts';

/** Handles an agent's report of its instance id. The report alone does not count if documents are required. */
export async function handleReportedInstance(
  node: Node,
  host: string,
  instance: string,
  deps: TlsApiDeps,
): Promise<void> {
  if (node.attested) return; // the document named the instance
  const { mode } = deps.attestation ?? NO_TRUST;
  if (mode !== 'off') await noteUnattested(host, `it says that it is ${instance}, without a document`, deps);
  if (mode !== 'required') await learn(host, instance, deps);
}

/** Handles an instance id that a signed identity document proves. */
export const handleAttestedInstance = (host: string, instance: string, deps: TlsApiDeps): Promise<void> =>
  learn(host, instance, deps, true);

async function learn(host: string, instance: string, deps: TlsApiDeps, attested = false): Promise<void> {
  const contested = (contest: Contest): Promise<void> => noteContest(contest, deps);
  const outcome = await learnInstance(host, instance, { ...deps, contested }, attested);
  deps.report('instance_named', { host, instance, outcome });
}

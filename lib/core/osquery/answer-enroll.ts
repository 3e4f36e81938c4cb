import { admit } from '../attest/admit.ts';
import { NO_TRUST } from '../attest/trust.ts';
import { type Enrolled, enroll } from '../enrollment/enroll.ts';
import { noteSharing, noteUnattested } from '../fleet/note-contest.ts';
import { secretNamed } from '../nodes/enroll-secrets.ts';
import { signNodeKey } from '../nodes/node-key.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import { cut } from '../text.ts';
import { bodyBoundsOf, documentOf } from './admission.ts';
import type { TlsApiDeps } from './deps.ts';
import { handleAttestedInstance } from './instance-claim.ts';
import { correctAlias, leaveName, listNode } from './presence.ts';
import { enrolled, type Reply, refused } from './replies.ts';
import type { RequestBody } from './request-body.ts';
import { enrollProblem, readEnroll } from './requests.ts';

/** Answers an enroll request: checks secret and attestation, enrolls, and replies with a node key. */
export async function answerEnroll(body: RequestBody, deps: TlsApiDeps): Promise<Reply> {
  const { enrollSecrets, attestation = NO_TRUST, report } = deps;
  const read = documentOf(body, bodyBoundsOf('enroll'));
  if ('problem' in read) return refused(read.problem);
  const request = readEnroll(read.document);
  if (!request) return refused(enrollProblem(read.document));
  const { hostIdentifier } = request.enrollment;
  const secret = await secretNamed(request.secret, enrollSecrets);
  if (secret === undefined) {
    report('enroll_refused', { hostIdentifier: cut(hostIdentifier.replace(/[^\x20-\x7e]/g, '?'), 40) });
    return refused('The enroll secret is wrong.');
  }
  const admission = admit(hostIdentifier, request.proof, attestation, deps.now());
  if (admission.kind === 'refused') {
    report('attestation_refused', { hostIdentifier, why: admission.why });
    return refused(`This host did not attest its instance: ${admission.why}.`);
  }
  const { attested, issue } = admission;
  const policy = await deps.policy();
  const outcome = await enroll({ ...request.enrollment, secret, attested }, policy, deps);
  return replyTo(outcome, { hostIdentifier, attested, issue }, policy, deps);
}

interface Admitted {
  readonly hostIdentifier: string;
  /** The instance in a verified identity document. */
  readonly attested?: string;
  /** Why the agent was admitted without attestation, if that is a problem. */
  readonly issue?: string;
}

async function replyTo(
  outcome: Enrolled,
  admitted: Admitted,
  policy: CompiledPolicy,
  deps: TlsApiDeps,
): Promise<Reply> {
  const { report } = deps;
  const { hostIdentifier } = admitted;
  switch (outcome.kind) {
    case 'ended':
      report('ended_host_refused', { hostIdentifier });
      return refused('The EC2 instance of this host was terminated: the host cannot enroll again.');
    case 'revoked':
      report('revoked_host_refused', { hostIdentifier });
      return refused('An operator revoked this host: it cannot enroll.');
    case 'refused':
      await noteSharing(hostIdentifier, outcome, deps);
      report('enroll_unproven', { hostIdentifier, why: outcome.why });
      return refused(outcome.why);
    case 'enrolled':
      return welcome(outcome, admitted, policy, deps);
    default:
      return outcome satisfies never;
  }
}

/** Does what follows an enrollment, and replies with the node's key. */
async function welcome(
  outcome: Extract<Enrolled, { kind: 'enrolled' }>,
  { hostIdentifier, attested, issue }: Admitted,
  policy: CompiledPolicy,
  deps: TlsApiDeps,
): Promise<Reply> {
  const { nodeKeySecret, report } = deps;
  const { node, isSecondAgent, fresh, was } = outcome;
  const { hostname, osqueryVersion: osquery } = node.identity;
  await noteSharing(hostIdentifier, outcome, deps);
  if (was) await leaveName(was, node.host, deps);
  if (issue) await noteUnattested(node.host, issue, deps);
  if (attested && attested !== hostIdentifier) await handleAttestedInstance(node.host, attested, deps);
  await correctAlias(node.host, deps);
  await listNode(node, policy, deps); // also for a repeated enrollment: the first request may have failed before this line
  if (isSecondAgent) report('host_identifier_shared', { hostIdentifier, host: node.host, hostname });
  if (fresh) report('node_enrolled', { host: node.host, hostname, osquery });
  const [signing] = await nodeKeySecret.values();
  if (!signing) throw new Error('there is no node-key secret');
  return enrolled(signNodeKey({ host: node.host, epoch: node.epoch }, signing));
}

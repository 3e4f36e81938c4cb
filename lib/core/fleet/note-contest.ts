import type { Enrolled } from '../enrollment/enroll.ts';
import type { Contest } from '../hosts/learn-instance.ts';
import type { Node } from '../nodes/node.ts';
import type { Report } from '../reports/report.ts';
import { type FleetIssues, recordFleetIssue } from './fleet-issue.ts';

interface Deps {
  readonly fleetIssues: FleetIssues;
  readonly report: Report;
  readonly now: () => number;
}

/** Records, on both hosts, that two enrolled hosts claim one instance, and which of them gets its queries. Either may be the impostor. */
export async function noteContest({ instance, winner, loser }: Contest, deps: Deps): Promise<void> {
  const kind = 'identity-contested';
  const ofLoser = `${winner} claims to be ${instance} as well, and is queried about it`;
  const ofWinner = `${loser} claims to be ${instance} as well; this host is queried about it`;
  await recordFleetIssue({ kind, host: loser, detail: ofLoser }, deps);
  await recordFleetIssue({ kind, host: winner, detail: ofWinner }, deps);
}

/** Records that several agents enroll under one identifier, if this enrollment shows it. */
export async function noteSharing(
  identifier: string,
  outcome: Exclude<Enrolled, { kind: 'ended' | 'revoked' }>,
  deps: Deps,
): Promise<void> {
  if (outcome.kind === 'refused') {
    const detail =
      'another agent enrolls under this identifier; it was rejected because it names neither hardware nor database';
    await recordFleetIssue({ kind: 'identifier-shared', host: identifier, detail }, deps);
    return;
  }
  if (outcome.isSecondAgent) await noteSecondAgent(identifier, outcome.node, deps);
  if (!outcome.displaces) return;
  const detail = `another agent had this name; the agent on ${outcome.node.identity.hostname} showed better proof and has it now`;
  await recordFleetIssue({ kind: 'identity-contested', host: identifier, detail }, deps);
}

/** Records that an agent was enrolled under a generated name because its identifier was taken. */
export async function noteSecondAgent(identifier: string, { host, identity }: Node, deps: Deps): Promise<void> {
  const detail = `another agent uses this identifier, on ${identity.hostname || 'a host without a name'}; it is enrolled as ${host}`;
  await recordFleetIssue({ kind: 'identifier-shared', host: identifier, detail }, deps);
}

/** Records that a host has an instance's name, or claims an instance, without attesting it. */
export async function noteUnattested(host: string, why: string, deps: Deps): Promise<void> {
  await recordFleetIssue({ kind: 'unattested', host, detail: why }, deps);
}

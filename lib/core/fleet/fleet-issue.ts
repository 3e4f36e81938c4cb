import type { Report } from '../report.ts';

/** What is wrong with a host, so that lives on it are missed, or found late. */
export type FleetIssueKind =
  | 'no-agent' // it has run for a while and no node ever enrolled from it
  | 'agent-silent' // it runs, and its node has not polled for a while
  | 'identity-contested' // another host claims to be the same instance
  | 'unattested' // it goes by an instance without having shown the instance's identity document
  | 'identifier-shared' // several agents enroll under its identifier
  | 'cleanup-too-short'; // its ECS agent removes stopped containers before anybody can ask about them

/** One thing wrong with one host, for as long as it is confirmed. */
export interface FleetIssue {
  readonly kind: FleetIssueKind;
  /** The node's host; the instance id where there is no node. */
  readonly host: string;
  /** A sentence on what was seen last; hosts' names in it come from the network. */
  readonly detail: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** A finding that was not confirmed for this long is closed; what the reconciler finds it confirms every few minutes. */
export const CLOSED_AFTER_MS: Readonly<Record<FleetIssueKind, number>> = {
  'no-agent': 10 * 60_000,
  'agent-silent': 10 * 60_000,
  'identity-contested': 24 * 3_600_000, // agents say who they are only when they enroll
  unattested: 3_600_000, // confirmed every five minutes while it polls
  'identifier-shared': 3_600_000, // confirmed every five minutes while both live
  'cleanup-too-short': 24 * 3_600_000, // seen only where a container stops before anybody looked
};

/** A finding as somebody observes it; since when it is open, the store says. */
export type ObservedIssue = Pick<FleetIssue, 'kind' | 'host' | 'detail'>;

export interface FleetIssues {
  /** Opens or confirms a finding; true when it was not open before. */
  record(kind: FleetIssueKind, host: string, detail: string, nowMs: number): Promise<boolean>;
  /** Those that are open, in the order of kind and host. */
  open(nowMs: number): Promise<readonly FleetIssue[]>;
}

/** Opens or confirms a finding, and tells of it when it is new. */
export async function recordFleetIssue(
  { kind, host, detail }: ObservedIssue,
  { fleetIssues, report, now }: { fleetIssues: FleetIssues; report: Report; now: () => number },
): Promise<void> {
  if (await fleetIssues.record(kind, host, detail, now())) report('fleet_issue_opened', { kind, host, detail });
}

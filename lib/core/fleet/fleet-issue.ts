import type { Report } from '../reports/report.ts';

/** Kinds of problems with a host that cause workloads on it to be missed or detected late. */
export type FleetIssueKind =
  | 'no-agent' // it has run for a while without an enrolled node
  | 'agent-silent' // it runs, and its node has not polled for a while
  | 'identity-contested' // another host claims to be the same instance
  | 'unattested' // it claims an instance without the instance's signed identity document
  | 'identifier-shared' // several agents enroll under its identifier
  | 'cleanup-too-short'; // its ECS agent removes stopped containers before they can be queried

/** One problem with one host; open for as long as it is confirmed. */
export interface FleetIssue {
  readonly kind: FleetIssueKind;
  /** The node's host, or the instance id if there is no node. */
  readonly host: string;
  /** A sentence about the latest observation; host names in it come from the network. */
  readonly detail: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** A fleet issue closes if it was not confirmed for this long; the reconciler confirms its own every few minutes. */
export const CLOSED_AFTER_MS: Readonly<Record<FleetIssueKind, number>> = {
  'no-agent': 10 * 60_000,
  'agent-silent': 10 * 60_000,
  'identity-contested': 24 * 3_600_000, // agents state their identity only when they enroll
  unattested: 3_600_000, // confirmed every five minutes while it polls
  'identifier-shared': 3_600_000, // confirmed every five minutes while both live
  'cleanup-too-short': 24 * 3_600_000, // observed only when a container stops before it was seen
};

/** A fleet issue as observed; the store knows since when it is open. */
export type ObservedIssue = Pick<FleetIssue, 'kind' | 'host' | 'detail'>;

export interface FleetIssues {
  /** Opens or confirms a fleet issue. @returns true if it was not open before */
  record(kind: FleetIssueKind, host: string, detail: string, nowMs: number): Promise<boolean>;
  /** The open ones, sorted by kind and host. */
  open(nowMs: number): Promise<readonly FleetIssue[]>;
}

/** Opens or confirms a fleet issue, and reports it if it is new. */
export async function recordFleetIssue(
  { kind, host, detail }: ObservedIssue,
  { fleetIssues, report, now }: { fleetIssues: FleetIssues; report: Report; now: () => number },
): Promise<void> {
  if (await fleetIssues.record(kind, host, detail, now())) report('fleet_issue_opened', { kind, host, detail });
}

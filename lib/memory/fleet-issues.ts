import { CLOSED_AFTER_MS, type FleetIssue, type FleetIssueKind, type FleetIssues } from '../core/fleet/fleet-issue.ts';

/** Fleet issues in memory. */
export class MemoryFleetIssues implements FleetIssues {
  readonly #fleetIssues = new Map<string, FleetIssue>();

  async record(kind: FleetIssueKind, host: string, detail: string, nowMs: number): Promise<boolean> {
    const before = this.#fleetIssues.get(`${kind}#${host}`);
    const open = before !== undefined && isOpen(before, nowMs);
    const issue = { kind, host, detail, firstAtMs: open ? before.firstAtMs : nowMs, lastAtMs: nowMs };
    this.#fleetIssues.set(`${kind}#${host}`, issue);
    return !open;
  }

  async open(nowMs: number): Promise<readonly FleetIssue[]> {
    const named = [...this.#fleetIssues].sort(([a], [b]) => (a < b ? -1 : 1));
    return named.flatMap(([, issue]) => (isOpen(issue, nowMs) ? [issue] : []));
  }
}

const isOpen = ({ kind, lastAtMs }: FleetIssue, nowMs: number): boolean => lastAtMs + CLOSED_AFTER_MS[kind] > nowMs;

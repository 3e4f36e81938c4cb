import type { Asker } from '../queue/pending-query.ts';
import type { Report } from '../reports/report.ts';
import { type FleetIssues, recordFleetIssue } from './fleet-issue.ts';

/** The ECS agent's default for ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION. @see Amazon ECS Developer Guide, "Container agent configuration" */
const CLEANUP_MS = 3 * 3_600_000;

/** The answer of a host to a post-mortem query. */
interface PostMortemAnswer {
  readonly host: string;
  readonly asker: Asker;
  /** Ids of subjects that the answer named. */
  readonly answered: readonly string[];
  /** Whether the answer named any container, of any task. */
  readonly reached: boolean;
}

interface Deps {
  readonly fleetIssues: FleetIssues;
  readonly report: Report;
  readonly now: () => number;
}

/**
 * Records that a container was already removed when its post-mortem query ran, although by default the ECS agent keeps
 * containers for hours. Since version 1.57.1 the agent can be configured to wait for one second only.
 *
 * Without access to the Docker socket osquery returns no row either; only a row about another container rules that out.
 */
export async function noteShortCleanup(
  { host, asker: { subjects, triggeredAtMs }, answered, reached }: PostMortemAnswer,
  deps: Deps,
): Promise<void> {
  const agoMs = Math.max(0, deps.now() - triggeredAtMs);
  if (agoMs >= CLEANUP_MS || subjects.every((id) => answered.includes(id))) return;
  const gone = `a container was gone ${Math.round(agoMs / 1000)} s after its task had stopped`;
  const detail = reached
    ? gone
    : `${gone}, unless osquery cannot reach the Docker socket: it named no container at all`;
  await recordFleetIssue({ kind: 'cleanup-too-short', host, detail }, deps);
}

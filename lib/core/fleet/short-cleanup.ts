import type { Asker } from '../queue/pending-query.ts';
import type { Report } from '../report.ts';
import { type FleetIssues, recordFleetIssue } from './fleet-issue.ts';

/** The ECS agent's default for ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION. @see Amazon ECS Developer Guide, "Container agent configuration" */
const CLEANUP_MS = 3 * 3_600_000;

/**
 * Notes that a container was gone already when osquery was asked about it after its end, although by default the ECS agent
 * keeps it for hours. Since its version 1.57.1 it can be told to wait for a second only, so none is gone too soon for that.
 * Without the Docker socket, too, osquery answers with no row; only a row about another container tells the two apart.
 *
 * @param answered ids that the answer to the post-mortem question did name
 * @param reached whether the answer named any container, of whatever task
 */
export async function noteShortCleanup(
  host: string,
  { subjects, triggeredAtMs }: Asker,
  answered: readonly string[],
  reached: boolean,
  deps: { readonly fleetIssues: FleetIssues; readonly report: Report; readonly now: () => number },
): Promise<void> {
  const agoMs = Math.max(0, deps.now() - triggeredAtMs);
  if (agoMs >= CLEANUP_MS || subjects.every((id) => answered.includes(id))) return;
  const gone = `a container was gone ${Math.round(agoMs / 1000)} s after its task had stopped`;
  const detail = reached
    ? gone
    : `${gone}, unless osquery cannot reach the Docker socket: it named no container at all`;
  await recordFleetIssue({ kind: 'cleanup-too-short', host, detail }, deps);
}

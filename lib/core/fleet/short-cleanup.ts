import type { Asker } from '../queue/pending-query.ts';
import type { Report } from '../report.ts';
import { type Findings, noteFinding } from './finding.ts';

/** The ECS agent's default for ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION. @see Amazon ECS Developer Guide, "Container agent configuration" */
const CLEANUP_MS = 3 * 3_600_000;

/**
 * Notes that a container was gone already when osquery was asked about it after its end, although by default the ECS agent
 * keeps it for hours.
 *
 * @param answered ids that the answer to the post-mortem question did name
 */
export async function noteShortCleanup(
  host: string,
  { subjects, triggeredAtMs }: Asker,
  answered: readonly string[],
  deps: { readonly findings: Findings; readonly report: Report; readonly now: () => number },
): Promise<void> {
  const agoMs = Math.max(0, deps.now() - triggeredAtMs);
  if (agoMs >= CLEANUP_MS || subjects.every((id) => answered.includes(id))) return;
  const detail = `a container was gone ${Math.round(agoMs / 1000)} s after its task had stopped`;
  await noteFinding({ kind: 'cleanup-too-short', host, detail }, deps);
}

import type { AwsScope } from '../arn.ts';
import { sweepInstances } from './sweep-instances.ts';
import { type SweepDeps, SweepRun } from './sweep-run.ts';
import { sweepTasks } from './sweep-tasks.ts';

/**
 * Compares everything AWS runs in this account and Region with the ledger, and handles changes without an event like events. The
 * ledger's versions allow synthetic and real events in any order. Ends early if its budget is used up; the next sweep continues
 * there.
 *
 * @param untilMs when it must end, epoch ms
 * @returns how many parts failed; each was reported and did not stop the others. Undefined if another sweep is under way
 */
export async function sweep(deps: SweepDeps, scope: AwsScope, untilMs: number): Promise<number | undefined> {
  const { now, progress, report, settled, spend } = deps;
  const startedAtMs = now();
  const before = await progress.begin(startedAtMs, untilMs);
  if (!before) {
    report('sweep_skipped', {});
    return undefined;
  }
  spend.begin(untilMs);
  const { unfinished, ...since } = before;
  const run = new SweepRun(deps, scope, before);
  const [tasks, instances] = await Promise.all([sweepTasks(run), sweepInstances(run)]);
  const beganAtMs = unfinished?.startedAtMs ?? startedAtMs;
  // After a failure, unhandled changes may be older than this sweep: later sweeps must still treat them as new.
  const isWhole = run.failures === 0;
  const advance = (isComplete: boolean, beforeMs: number | undefined, toMs: number): number | undefined =>
    isComplete && (isWhole || beforeMs === undefined) ? toMs : beforeMs;
  await progress.end(untilMs, {
    ...since,
    beganMs: since.beganMs ?? startedAtMs,
    tasksSinceMs: advance(tasks.complete, since.tasksSinceMs, beganAtMs),
    instancesSinceMs: advance(instances, since.instancesSinceMs, startedAtMs),
    unfinished: tasks.left && { startedAtMs: beganAtMs, at: tasks.left },
  });
  if (!tasks.left) settled.endSweep();
  const { clusters, listed, described, found, caughtUp, ahead, fleetIssues } = run.tally;
  report('sweep_done', {
    clusters,
    listed,
    described,
    found,
    caughtUp,
    ahead,
    instances: run.tally.instances,
    issues: fleetIssues,
    spend: spend.calls,
    ecsCalls: spend.sharedCalls,
    failures: run.failures,
    throttled: spend.throttled,
    complete: tasks.complete && instances && isWhole,
    durationMs: now() - startedAtMs,
  });
  return run.failures;
}

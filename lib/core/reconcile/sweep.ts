import type { AwsScope } from '../arn.ts';
import { Run, type SweepDeps } from './run.ts';
import { sweepInstances } from './sweep-instances.ts';
import { sweepTasks } from './sweep-tasks.ts';

/**
 * Looks at everything AWS runs in this account and Region, and handles what no event has told as if one had: the ledger's
 * versions let it and the real events meet in any order. Ends early when its budget does; the next sweep goes on there.
 *
 * @param untilMs when it has to be done
 * @returns how many of its parts failed; each was told of, and did not keep the others from being done. Undefined while
 *   another sweep is under way, which this one leaves the work to.
 */
export async function sweep(deps: SweepDeps, place: AwsScope, untilMs: number): Promise<number | undefined> {
  const { now, progress, report, settled, spend } = deps;
  const startedAtMs = now();
  const before = await progress.begin(startedAtMs, untilMs);
  if (!before) {
    report('sweep_skipped', {});
    return undefined;
  }
  spend.begin(untilMs);
  const { unfinished, ...since } = before;
  const run = new Run(deps, place, before);
  const [tasks, instances] = await Promise.all([sweepTasks(run), sweepInstances(run)]);
  const beganAtMs = unfinished?.startedAtMs ?? startedAtMs;
  // After a failure, what was not dealt with may have begun before: later sweeps have to take it for new.
  const isWhole = run.failures === 0;
  await progress.end(untilMs, {
    ...since,
    beganMs: since.beganMs ?? startedAtMs,
    ...(tasks.complete && (isWhole || since.tasksSinceMs === undefined) ? { tasksSinceMs: beganAtMs } : {}),
    ...(instances && (isWhole || since.instancesSinceMs === undefined) ? { instancesSinceMs: startedAtMs } : {}),
    ...(tasks.left ? { unfinished: { startedAtMs: beganAtMs, at: tasks.left } } : {}),
  });
  if (!tasks.left) settled.turn();
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

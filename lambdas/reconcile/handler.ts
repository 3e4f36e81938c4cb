import type { Context } from 'aws-lambda';
import { placeOf } from '../../lib/core/arn.ts';
import { type ReviewDeps, review } from '../../lib/core/ledger/review.ts';
import type { SweepDeps } from '../../lib/core/reconcile/run.ts';
import { sweep } from '../../lib/core/reconcile/sweep.ts';

/** Left for what is under way when the sweep has to end: one batch of tasks, and the note of where it was left. */
const RESERVE_MS = 10_000;
/** Left for the slice of the review that is under way when it has to end. */
const REVIEW_RESERVE_MS = 4_000;

/**
 * Sweeps the account and Region the function runs in, and then tells what became of earlier lives.
 *
 * @throws when a part of the sweep failed, after all else was done: the function's errors are what an alarm sees
 */
export const createHandler =
  (deps: SweepDeps, telling: ReviewDeps) =>
  async (_schedule: unknown, context: Context): Promise<void> => {
    const endMs = deps.now() + context.getRemainingTimeInMillis();
    const failures = await sweep(deps, placeOf(context.invokedFunctionArn), endMs - RESERVE_MS);
    if (failures === undefined) return; // whoever sweeps tells, too
    await review(telling, endMs - REVIEW_RESERVE_MS);
    if (failures > 0) throw new Error(`${failures} of the sweep's parts failed: see sweep_failed in the log`);
  };

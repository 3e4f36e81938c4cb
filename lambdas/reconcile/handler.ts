import type { Context } from 'aws-lambda';
import { scopeOf } from '../../lib/core/arn.ts';
import { traceOf } from '../../lib/core/errors.ts';
import { type ReviewDeps, review } from '../../lib/core/ledger/review.ts';
import { sweep } from '../../lib/core/reconcile/sweep.ts';
import type { SweepDeps } from '../../lib/core/reconcile/sweep-run.ts';

/** Left for what is in progress when the sweep has to end: one batch of tasks, and saving where it stopped. */
const RESERVE_MS = 10_000;
/** Left for the slice of the review that is in progress when it has to end. */
const REVIEW_RESERVE_MS = 4_000;

/**
 * Sweeps the account and Region that the function runs in, and then reviews the verdicts of earlier workloads.
 *
 * @throws when a part failed, after everything else is done: an alarm watches the function's errors
 */
export const createHandler =
  (sweeping: SweepDeps, reviewing: ReviewDeps) =>
  async (_schedule: unknown, context: Context): Promise<void> => {
    const endMs = sweeping.now() + context.getRemainingTimeInMillis();
    const reported = (what: string) => (error: unknown) => {
      sweeping.report('sweep_failed', { what, error: traceOf(error) });
      throw error;
    };
    const failures = await sweep(sweeping, scopeOf(context.invokedFunctionArn), endMs - RESERVE_MS).catch(
      reported('the sweep'),
    );
    if (failures === undefined) return; // another sweep is running, and it also reviews
    await review(reviewing, endMs - REVIEW_RESERVE_MS).catch(reported('the review'));
    if (failures > 0) throw new Error(`${failures} of the sweep's parts failed: see sweep_failed in the log`);
  };

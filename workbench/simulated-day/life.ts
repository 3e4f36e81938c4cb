import { verdictOf } from '../../lib/core/ledger/verdict.ts';
import type { Verdict } from '../../lib/core/ledger/workload.ts';
import type { MemoryLedger } from '../../lib/memory/ledger.ts';
import type { TaskHandle } from '../world/index.ts';

/** The ledger's verdict on a task; `unheard` if no event about it arrived. */
export interface Judgement {
  readonly verdict: Verdict['verdict'] | 'unheard';
  readonly reason?: string;
  /** From the container's start until a query about it was queued for its host, in ms: the delay of its event. */
  readonly queuedAfterMs?: number;
  /** From the container's start to its first stored row, in ms. */
  readonly answeredAfterMs?: number;
}

/** The outcome of one task. */
export interface Life extends Judgement {
  readonly lifetimeMs: number; // as drawn from the distribution
  /** Whether its host's agent polled every 5 s when the container started. */
  readonly hot: boolean;
  /** For each schedule, the time from the start to the run that returned the container, in ms; null if no run did. */
  readonly scheduledAfterMs: readonly (number | null)[];
}

/** Returns the ledger's verdict on a task. */
export function judged({ arn, containers }: TaskHandle, ledger: MemoryLedger, nowMs: number): Judgement {
  const record = ledger.record(arn);
  if (!record) return { verdict: 'unheard' };
  const startedAtMs = containers[0]?.startedAtMs;
  const { firstAnswerAtMs, handling } = record;
  const queuedAtMs = handling?.firstQuery?.queuedAtMs;
  const since = (atMs: number | undefined) => (atMs && startedAtMs ? atMs - startedAtMs : undefined);
  return {
    ...verdictOf(record, nowMs),
    queuedAfterMs: since(queuedAtMs),
    answeredAfterMs: since(firstAnswerAtMs),
  };
}

/**
 * Counts the lives by verdict.
 *
 * @throws if the counts do not add up: the ledger has a task twice, or one that was never started
 */
export function tally(lives: readonly Life[], ledger: MemoryLedger): Record<Life['verdict'], number> {
  const counts = { seen: 0, 'post-mortem': 0, 'never-started': 0, ignored: 0, missed: 0, pending: 0, unheard: 0 };
  for (const { verdict } of lives) counts[verdict]++;
  const recorded = ledger.records.filter(({ kind }) => kind === 'ecs-task').length;
  if (recorded + counts.unheard !== lives.length)
    throw new Error(`${lives.length} tasks, but ${recorded} in the ledger and ${counts.unheard} it never heard of`);
  return counts;
}

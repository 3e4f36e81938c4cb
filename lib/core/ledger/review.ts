import { batches } from '../batches.ts';
import type { Report } from '../reports/report.ts';
import { adviceOn } from './advice.ts';
import { clusterOf } from './coverage.ts';
import type { Reviews, WorkloadReader } from './ledger.ts';
import type { LedgerIndex } from './ledger-index.ts';
import type { Cursors, ReviewProgress } from './review-progress.ts';
import { type SettledSpans, settleSpans } from './settle-spans.ts';
import { verdictOf } from './verdict.ts';
import type { MissReason, Verdict, WorkloadRecord } from './workload.ts';

/** An event about a miss, or about a reported miss that was seen later. */
export interface CoverageEvent {
  readonly workload: string;
  readonly kind: WorkloadRecord['kind'];
  readonly verdict: Verdict['verdict'];
  readonly reason: MissReason | null;
  /** What to do about it, in one line. */
  readonly advice: string | null;
  readonly cluster: string | null;
  readonly host: string | null;
  readonly firstEventAt: string; // ISO 8601
}

/** Publishes coverage events. Resolves once all are accepted, throws otherwise. */
export interface CoverageEvents {
  put(events: readonly CoverageEvent[]): Promise<void>;
}

export interface ReviewDeps {
  readonly ledgerIndex: Pick<LedgerIndex, 'between' | 'due'>;
  readonly ledger: Reviews & WorkloadReader;
  readonly spans: SettledSpans;
  readonly events: CoverageEvents;
  readonly progress: ReviewProgress;
  readonly report: Report;
  readonly now: () => number; // epoch ms
}

const MINUTE_MS = 60_000;
/**
 * Ages at which a workload is reviewed, counted from when Mayfly first received an event about it: after live queries
 * expire (10 min by default), after post-mortem ones do (3 h), and after the last answer can arrive (24 h). A workload
 * that still runs then is reviewed again every day, and after its end.
 */
const AGES: Readonly<Record<string, number>> = {
  '15m': 15 * MINUTE_MS,
  '4h': 4 * 60 * MINUTE_MS,
  '25h': 25 * 60 * MINUTE_MS,
};
const LAST_AGE = '25h';
const AGAIN_MS = 24 * 60 * MINUTE_MS;
/** The review at the last age covers an end within this age. */
const REVIEWED_WITHIN_MS = 20 * 60 * MINUTE_MS;
/** Span read at a time: after an outage the review advances in slices, and saves its progress after each. */
const SLICE_MS = 5 * MINUTE_MS;
const BATCH = 100;

/**
 * Publishes the verdict on every workload, once: in metrics, and a miss as an event too. Verdicts are otherwise computed
 * on request (docs/decisions/0005). A verdict that changes before the last age is published again.
 *
 * The order is: event, mark in the ledger, metric, cursor. A crash in between repeats an event or loses a count at worst;
 * it never loses a miss.
 *
 * @param untilMs epoch ms after which no new slice is begun; the next review continues from there
 * @throws whatever a port throws; the next review publishes what this one did not
 */
export async function review(deps: ReviewDeps, untilMs: number): Promise<void> {
  const { ledgerIndex, progress, now } = deps;
  const startedAtMs = now();
  let cursors = await progress.read();
  for (const [age, ageMs] of Object.entries(AGES))
    cursors = await reviewAge({ age, endMs: startedAtMs - ageMs, untilMs }, cursors, deps);
  for await (const records of ledgerIndex.due(startedAtMs)) {
    if (now() >= untilMs) return;
    await publishVerdicts(records, deps);
    await scheduleAgain(records, deps);
  }
  await settleSpans(deps, cursors, untilMs);
}

/** Reviews the workloads that reached an age since its cursor, in slices. @returns the cursors as saved */
async function reviewAge(
  { age, endMs, untilMs }: { readonly age: string; readonly endMs: number; readonly untilMs: number },
  before: Cursors,
  deps: ReviewDeps,
): Promise<Cursors> {
  const { ledgerIndex, progress, now } = deps;
  let fromMs = before[age];
  let cursors = before;
  const advance = async (toMs: number): Promise<void> => {
    fromMs = toMs;
    cursors = { ...cursors, [age]: toMs };
    await progress.save(cursors);
  };
  // The first review skips everything older: a new installation should not report the time before it.
  // A cursor in the future was saved by a fast clock: keeping it would skip everything until then.
  if (fromMs === undefined || fromMs > endMs) await advance(endMs);
  while (fromMs !== undefined && fromMs < endMs && now() < untilMs) {
    const toMs = Math.min(endMs, fromMs + SLICE_MS);
    for await (const records of batches(ledgerIndex.between(fromMs + 1, toMs), BATCH)) {
      await publishVerdicts(records, deps);
      if (age === LAST_AGE) await scheduleAgain(records, deps);
    }
    await advance(toMs);
  }
  return cursors;
}

/**
 * Schedules another review for workloads that still run, and for misses, whose rows may arrive for a day. The times depend
 * on the workload only, so repeating this changes nothing.
 */
async function scheduleAgain(records: readonly WorkloadRecord[], { ledger, now }: ReviewDeps): Promise<void> {
  for (const record of records) {
    const { verdict } = verdictOf(record, now());
    const isOpen = verdict === 'pending' || (verdict === 'missed' && now() < record.receivedAtMs + 2 * AGAIN_MS);
    if (isOpen) await ledger.scheduleReview(record.workload, nextReviewMs(record, now()));
  }
}

/** One hour after its next full day, counted from when it was first received. */
const nextReviewMs = ({ firstReceivedAtMs }: WorkloadRecord, nowMs: number): number => {
  const days = Math.ceil((nowMs - firstReceivedAtMs) / AGAIN_MS);
  return firstReceivedAtMs + days * AGAIN_MS + 60 * MINUTE_MS;
};

/** Schedules a review of a workload that ended after its regular reviews. @param settleByMs of its latest handling */
export async function reviewAfterEnd(
  record: WorkloadRecord,
  settleByMs: number,
  { ledger, now }: { readonly ledger: Reviews; readonly now: () => number },
): Promise<void> {
  if (record.stopped && now() - record.firstReceivedAtMs > REVIEWED_WITHIN_MS)
    await ledger.scheduleReview(record.workload, Math.max(settleByMs, now()));
}

interface News {
  readonly record: WorkloadRecord;
  readonly verdict: Exclude<Verdict, { verdict: 'pending' }>;
}

async function publishVerdicts(
  records: readonly WorkloadRecord[],
  { events, ledger, report, now }: ReviewDeps,
): Promise<void> {
  const news = records.flatMap((record) => newsOf(record, now()));
  const worth = news.filter(({ record, verdict }) => isMiss(verdict) || record.recordedVerdict?.verdict === 'missed');
  if (worth.length > 0) await events.put(worth.map(eventOf));
  const isNew = await Promise.all(news.map(({ record, verdict }) => ledger.recordVerdict(record.workload, verdict)));
  const counted = news.filter((_, index) => isNew[index]);
  for (const { cluster, verdict, reason, count } of groupsOf(counted))
    report('verdicts_recorded', { cluster, verdict, reason, count });
  // Each workload counts once: a corrected verdict is not another workload.
  const first = counted.filter((one) => !one.record.recordedVerdict && isJudged(one));
  const covered = first.filter(({ verdict }) => !isMiss(verdict)).length;
  if (first.length > 0) report('review_done', { judged: first.length, covered });
}

/** The verdict if it must be published: empty while it is pending, and if the same verdict was published before. */
function newsOf(record: WorkloadRecord, nowMs: number): News[] {
  const verdict = verdictOf(record, nowMs);
  if (verdict.verdict === 'pending') return [];
  const { recordedVerdict } = record;
  return recordedVerdict?.verdict === verdict.verdict && recordedVerdict.reason === reasonOf(verdict)
    ? []
    : [{ record, verdict }];
}

/**
 * Whether an agent could and should have seen it, which the coverage alarm counts. Excluded: workloads in which nothing
 * started, ignored ones, and tasks without a host of ours, as on Fargate, whose misses would keep the alarm on forever.
 */
const isJudged = ({ record, verdict }: News): boolean =>
  !UNCOUNTED.has(verdict.verdict) &&
  !(reasonOf(verdict) === 'no-host' && record.kind === 'ecs-task' && !record.identity.container_instance);

/** There was nothing to see, or it is excluded from coverage. */
const UNCOUNTED: ReadonlySet<string> = new Set(['never-started', 'ignored']);

const isMiss = ({ verdict }: Verdict): boolean => verdict === 'missed';
const reasonOf = (verdict: Verdict): MissReason | undefined =>
  verdict.verdict === 'missed' ? verdict.reason : undefined;

function eventOf({ record, verdict }: News): CoverageEvent {
  const reason = reasonOf(verdict);
  return {
    workload: record.workload,
    kind: record.kind,
    verdict: verdict.verdict,
    reason: reason ?? null,
    advice: reason ? adviceOn(reason, record) : null,
    cluster: clusterOf(record),
    host: record.handling?.host ?? null,
    firstEventAt: new Date(record.firstEventAtMs).toISOString(),
  };
}

/** Counts by cluster, verdict and reason: a busy minute has thousands of verdicts in a handful of groups. */
function groupsOf(news: readonly News[]) {
  const groups = new Map<string, { cluster: string | null; verdict: string; reason: string | null; count: number }>();
  for (const { record, verdict } of news) {
    const group = { cluster: clusterOf(record), verdict: verdict.verdict, reason: reasonOf(verdict) ?? null };
    const key = JSON.stringify(group);
    groups.set(key, { ...group, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return groups.values();
}

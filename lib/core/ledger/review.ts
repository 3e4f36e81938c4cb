import { batches } from '../batches.ts';
import type { Report } from '../report.ts';
import { adviceOn } from './advice.ts';
import { clusterOf } from './coverage.ts';
import type { Reviews } from './ledger.ts';
import type { LedgerIndex } from './ledger-index.ts';
import { verdictOf } from './verdict.ts';
import type { MissReason, Verdict, WorkloadRecord } from './workload.ts';

/** What is told of a miss, and of a miss that turned out to be none. */
export interface CoverageEvent {
  readonly workload: string;
  readonly kind: WorkloadRecord['kind'];
  readonly verdict: Verdict['verdict'];
  readonly reason: MissReason | null;
  /** What to do about it, in a line. */
  readonly advice: string | null;
  readonly cluster: string | null;
  readonly host: string | null;
  readonly firstEventAt: string; // ISO 8601
}

/** Where they go. Resolves when all of them are there, and throws otherwise. */
export interface CoverageEvents {
  put(events: readonly CoverageEvent[]): Promise<void>;
}

/** How far the review of each age has come: the age's name → epoch ms up to which it has looked at first news of lives. */
export type Cursors = Readonly<Record<string, number>>;

export interface ReviewProgress {
  /** Nothing before the first review. */
  read(): Promise<Cursors>;
  save(cursors: Cursors): Promise<void>;
}

export interface ReviewDeps {
  readonly ledgerIndex: Pick<LedgerIndex, 'between' | 'due'>;
  readonly ledger: Reviews;
  readonly events: CoverageEvents;
  readonly progress: ReviewProgress;
  readonly report: Report;
  readonly now: () => number; // epoch ms
}

const MINUTE_MS = 60_000;
/**
 * A life is looked at when it is this old, counted from when we first heard of it: when live queries have expired (10 min
 * by default), when post-mortem ones have (3 h), and when nothing is waited for any more (24 h). One that still lives then
 * is looked at again each day, and after its end.
 */
const AGES: Readonly<Record<string, number>> = {
  '15m': 15 * MINUTE_MS,
  '4h': 4 * 60 * MINUTE_MS,
  '25h': 25 * 60 * MINUTE_MS,
};
const LAST_AGE = '25h';
const AGAIN_MS = 24 * 60 * MINUTE_MS;
/** An end within this is told by the last of these looks. */
const REVIEWED_WITHIN_MS = 20 * 60 * MINUTE_MS;
/** Read at a time: after an outage the work is done in steps, each of which is kept. */
const SLICE_MS = 5 * MINUTE_MS;
const BATCH = 100;

/**
 * Tells each workload's verdict, once: in metrics, and a miss as an event too. Verdicts are computed when somebody asks
 * (docs/decisions/0005); this asks for all. A verdict that changes until the last age is told again.
 *
 * Event first, then the ledger's mark, then the count, then the cursor. A crash in between repeats an event and loses a
 * count at worst; no miss stays untold.
 *
 * @param untilMs epoch ms after which nothing new is begun; the next review goes on from there
 * @throws whatever a port throws; what was not told is told by the next review
 */
export async function review(deps: ReviewDeps, untilMs: number): Promise<void> {
  const { ledgerIndex, progress, now } = deps;
  const startedAtMs = now();
  let cursors = await progress.read();
  for (const [age, ageMs] of Object.entries(AGES)) {
    const endMs = startedAtMs - ageMs;
    // The first review looks at nothing older: who switches Mayfly on wants no news of before.
    let fromMs = cursors[age];
    // A cursor that lies ahead was saved by a clock that was: it would pass by all that happens until then.
    if (fromMs === undefined || fromMs > endMs) {
      cursors = { ...cursors, [age]: endMs };
      await progress.save(cursors);
      continue;
    }
    while (fromMs < endMs && now() < untilMs) {
      const toMs: number = Math.min(endMs, fromMs + SLICE_MS);
      for await (const records of batches(ledgerIndex.between(fromMs + 1, toMs), BATCH)) {
        await tellAll(records, deps);
        if (age === LAST_AGE) await lookAgain(records, deps);
      }
      fromMs = toMs;
      cursors = { ...cursors, [age]: toMs };
      await progress.save(cursors);
    }
  }
  for await (const records of ledgerIndex.due(startedAtMs)) {
    if (now() >= untilMs) return;
    await tellAll(records, deps);
    await lookAgain(records, deps);
  }
}

/**
 * Of those that still live the verdict is told another time, and so is a miss: its rows may come for a day. Times are the same
 * however often this is done.
 */
async function lookAgain(records: readonly WorkloadRecord[], { ledger, now }: ReviewDeps): Promise<void> {
  for (const record of records) {
    const { verdict } = verdictOf(record, now());
    const isOpen = verdict === 'pending' || (verdict === 'missed' && now() < record.receivedAtMs + 2 * AGAIN_MS);
    if (isOpen) await ledger.scheduleReview(record.workload, nextLookMs(record, now()));
  }
}

/** The next whole day of its life, and an hour. */
const nextLookMs = ({ firstReceivedAtMs }: WorkloadRecord, nowMs: number): number => {
  const days = Math.ceil((nowMs - firstReceivedAtMs) / AGAIN_MS);
  return firstReceivedAtMs + days * AGAIN_MS + 60 * MINUTE_MS;
};

/** Has the verdict on a life told that has ended, where the looks at its age are over. @param settleByMs as it is handled now */
export async function tellOfEnd(
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

async function tellAll(records: readonly WorkloadRecord[], { events, ledger, report, now }: ReviewDeps): Promise<void> {
  const news = records.flatMap((record) => newsOf(record, now()));
  const worth = news.filter(({ record, verdict }) => isMiss(verdict) || record.told?.verdict === 'missed');
  if (worth.length > 0) await events.put(worth.map(eventOf));
  const told = await Promise.all(news.map(({ record, verdict }) => ledger.recordVerdict(record.workload, verdict)));
  const counted = news.filter((_, index) => told[index]);
  for (const { cluster, verdict, reason, count } of groupsOf(counted))
    report('verdicts_recorded', { cluster, verdict, reason, count });
  // Once a workload: a correction is no second life.
  const first = counted.filter((one) => !one.record.told && isJudged(one));
  const covered = first.filter(({ verdict }) => !isMiss(verdict)).length;
  if (first.length > 0) report('review_done', { judged: first.length, covered });
}

/** What is new about a life: nothing while an answer can still come, and nothing once it was told. */
function newsOf(record: WorkloadRecord, nowMs: number): News[] {
  const verdict = verdictOf(record, nowMs);
  if (verdict.verdict === 'pending') return [];
  const { told } = record;
  return told?.verdict === verdict.verdict && told.reason === reasonOf(verdict) ? [] : [{ record, verdict }];
}

/**
 * Whether an agent could and should have seen it. Nothing did start in some, some are ignored, and some run on no host of
 * ours, as on Fargate: those are missed, and an alarm about them would ring for ever.
 */
const isJudged = ({ record, verdict }: News): boolean =>
  !UNCOUNTED.has(verdict.verdict) &&
  !(reasonOf(verdict) === 'no-host' && record.kind === 'ecs-task' && !record.identity.container_instance);

/** On these there was nothing to see, or nobody expected to see it. */
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

/** How many of each kind: a busy minute has thousands of verdicts and a handful of kinds. */
function groupsOf(news: readonly News[]) {
  const groups = new Map<string, { cluster: string | null; verdict: string; reason: string | null; count: number }>();
  for (const { record, verdict } of news) {
    const group = { cluster: clusterOf(record), verdict: verdict.verdict, reason: reasonOf(verdict) ?? null };
    const key = JSON.stringify(group);
    groups.set(key, { ...group, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return groups.values();
}

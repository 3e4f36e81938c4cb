import type { Counted, CoverageView, Life, Miss, MttaView } from '../../console/api.ts';
import { scheduleShare } from '../../console/schedule.ts';
import { grouped } from '../../core/grouped.ts';
import { adviceOn } from '../../core/ledger/advice.ts';
import { byCount, type Coverage, coverageOf } from '../../core/ledger/coverage.ts';
import { firstAnswerOf } from '../../core/ledger/first-answer.ts';
import { mttaOf } from '../../core/ledger/mtta.ts';
import { percentilesOf } from '../../core/ledger/percentiles.ts';
import { verdictOf } from '../../core/ledger/verdict.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import type { Profile } from '../../core/policy/policy.ts';
import { lifeOf } from './life.ts';

const STEPS_MS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 6 * 3600, 86_400].map((seconds) => seconds * 1000);
const MOST_STEPS = 60;
/** The most misses of one reason, and the most late answers, on a page. */
const LISTED = 100;

/** The records of one step of a chart. */
interface Span {
  readonly atMs: number;
  readonly records: readonly WorkloadRecord[];
}

/** Sorts records into equal steps of time from the first record to `nowMs`; empty steps are among them. */
function stepsOf(records: readonly WorkloadRecord[], nowMs: number): { stepMs: number; spans: Span[] } {
  const firstMs = records.reduce((first, { firstEventAtMs }) => Math.min(first, firstEventAtMs), nowMs);
  const spanMs = nowMs - firstMs;
  const stepMs = STEPS_MS.find((step) => spanMs / step <= MOST_STEPS) ?? Math.ceil(spanMs / MOST_STEPS);
  const startOf = (atMs: number) => Math.floor(Math.min(atMs, nowMs) / stepMs) * stepMs;
  const byStep = grouped(records, ({ firstEventAtMs }) => startOf(firstEventAtMs));
  const spans: Span[] = [];
  for (let atMs = startOf(firstMs); atMs <= nowMs; atMs += stepMs)
    spans.push({ atMs, records: byStep.get(atMs) ?? [] });
  return { stepMs, spans };
}

const counted = ({ workloads, verdicts, share, timeToAnswerMs }: Coverage): Counted => ({
  workloads,
  verdicts,
  share,
  timeToAnswerMs,
});

/** Coverage over time, in total and by cluster, and why workloads were missed: the figures of `mayfly coverage`. */
export async function coverageView(records: readonly WorkloadRecord[], nowMs: number): Promise<CoverageView> {
  const { stepMs, spans } = stepsOf(records, nowMs);
  const { all, clusters } = await coverageOf(records, nowMs);
  const livesOf = (some: readonly WorkloadRecord[]): Life[] => some.map((record) => lifeOf(record, nowMs));
  return {
    stepMs,
    steps: await Promise.all(
      spans.map(async ({ atMs, records }) => ({
        atMs,
        ...counted((await coverageOf(records, nowMs)).all),
        scheduleShare: scheduleShare(livesOf(records), nowMs),
      })),
    ),
    all: counted(all),
    scheduleShare: scheduleShare(livesOf(records), nowMs),
    clusters: clusters.map((each) => ({ cluster: each.cluster, ...counted(each) })),
    reasons: reasonsOf(records, nowMs),
  };
}

function reasonsOf(records: readonly WorkloadRecord[], nowMs: number): CoverageView['reasons'] {
  const misses = records.flatMap((record) => {
    const verdict = verdictOf(record, nowMs);
    return verdict.verdict === 'missed' ? [{ record, reason: verdict.reason }] : [];
  });
  return [...grouped(misses, ({ reason }) => reason)]
    .map(([reason, those]) => ({
      reason,
      advice: those[0] ? adviceOn(reason, those[0].record) : '',
      count: those.length,
      latest: those.slice(-LISTED).reverse().map(missOf),
    }))
    .sort((a, b) => byCount([a.reason, a.count], [b.reason, b.count]));
}

const missOf = ({ record: { workload, identity, handling, firstEventAtMs } }: { record: WorkloadRecord }): Miss => ({
  workload,
  family: identity.task_family ?? identity.instance_type ?? '',
  host: handling?.host,
  atMs: firstEventAtMs,
});

interface Pollers {
  readonly profiles: readonly Profile[];
  readonly nodes: readonly { readonly profile?: string }[];
  readonly settings: Parameters<typeof mttaOf>[3];
}

/** How long first answers took over time, beside their guaranteed bounds: the figures of `mayfly mtta`. */
export async function mttaView(records: readonly WorkloadRecord[], pollers: Pollers, nowMs: number): Promise<MttaView> {
  const { profiles, nodes, settings } = pollers;
  const { stepMs, spans } = stepsOf(records, nowMs);
  const { all, classes, stages, late } = await mttaOf(records, profiles, nodes, settings);
  return {
    stepMs,
    steps: spans.map(({ atMs, records }) => {
      const waits = records.flatMap((record) => waitOf(record, settings.sweepEveryMs));
      return { atMs, answers: waits.length, waits: percentilesOf(waits) };
    }),
    ...all,
    classes: classes.map(({ boundsMs, ...each }) => ({ ...each, boundMs: boundsMs.idleMs })),
    stages: Object.entries(stages).map(([stage, waits]) => ({ stage, waits })),
    late: late.slice(0, LISTED).map(({ workload, host, eventAtMs, timeToAnswerMs, lateByMs }) => ({
      workload,
      host,
      atMs: eventAtMs,
      timeToAnswerMs,
      lateByMs,
    })),
  };
}

/** From the event to the first row, of a task that an event reported. */
function waitOf(record: WorkloadRecord, sweepEveryMs: number): number[] {
  const instants = record.kind === 'ecs-task' ? firstAnswerOf(record, sweepEveryMs)?.instants : undefined;
  return instants?.detectedBy === 'event' ? [Math.max(0, instants.answeredAtMs - instants.eventAtMs)] : [];
}

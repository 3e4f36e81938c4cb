import { batches } from '../batches.ts';
import type { WorkloadReader } from './ledger.ts';
import type { LedgerIndex } from './ledger-index.ts';
import type { Cursors, ReviewProgress } from './review-progress.ts';
import { verdictOf } from './verdict.ts';
import type { TaskContainer, WorkloadRecord } from './workload.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Workloads are kept together by the time at which they were first received, in spans of this length. */
export const SPAN_MS = 5 * MINUTE_MS;
/** No event and no answer can change a workload that was seen and has stopped. For the others a late answer may. */
const LATE_MS = { 'post-mortem': 3 * HOUR_MS, other: 25 * HOUR_MS };
/** A span with more open workloads than this stays out: their names have to fit into one item. */
const MOST_OPEN = 5_000;

/** The age of a span at its first pass. An event is handled within 20 minutes, so the span is complete by then. */
export const SETTLES_AFTER_MS = 45 * MINUTE_MS;
/**
 * The passes over each span, the latest first: at this age, all workloads that have settled meanwhile are added.
 */
const PASSES = [
  { name: 'settle-26h', ageMs: 26 * HOUR_MS },
  { name: 'settle-4h', ageMs: 4 * HOUR_MS },
  { name: 'settle-45m', ageMs: SETTLES_AFTER_MS },
] as const;

/** The workloads of one span, so that a look-back need not read each record. */
export interface SettledSpan {
  /** The records of workloads that no longer change, shortened. */
  readonly settled: readonly WorkloadRecord[];
  /** The names of all other workloads, whose records have to be read. */
  readonly open: readonly string[];
}

/** A span as it was saved: the names of its open workloads and of its pages. */
export interface SavedSpan {
  readonly open: readonly string[];
  readonly pages: readonly string[];
  /** Another one after each save. */
  readonly revision: string;
}

export interface SettledSpans {
  /** @returns undefined if the span was never saved */
  read(spanMs: number): Promise<SavedSpan | undefined>;
  /**
   * Adds settled workloads to a span, and replaces its open ones. Does nothing if another process has saved the span since it was
   * read, because then both would add the same workloads.
   *
   * @param before the span as it was read
   */
  save(spanMs: number, span: SettledSpan, before: SavedSpan | undefined): Promise<void>;
}

export interface SettleDeps {
  readonly ledgerIndex: Pick<LedgerIndex, 'between'>;
  readonly ledger: WorkloadReader;
  readonly spans: SettledSpans;
  readonly progress: Pick<ReviewProgress, 'save'>;
  readonly now: () => number; // epoch ms
}

export const spanOf = (atMs: number): number => Math.floor(atMs / SPAN_MS) * SPAN_MS;

/**
 * Keeps settled workloads together, at each age. The first run goes back to the age of the latest pass, or to the first workload
 * since then.
 *
 * @param untilMs epoch ms after which no further span is begun; the next run continues from there
 */
export async function settleSpans(deps: SettleDeps, before: Cursors, untilMs: number): Promise<void> {
  const { progress, now } = deps;
  let cursors = before;
  let olderMs: number | undefined;
  const isFirstRun = PASSES.every(({ name }) => before[name] === undefined);
  const firstMs = isFirstRun ? await firstSpan(deps) : 0;
  for (const { name, ageMs } of PASSES) {
    const endMs = spanOf(now() - ageMs);
    const advance = (toMs: number): Promise<void> => {
      cursors = { ...cursors, [name]: toMs };
      return progress.save(cursors);
    };
    // A cursor in the future was saved by a fast clock.
    const beginMs = Math.min(Math.max(cursors[name] ?? olderMs ?? endMs, firstMs), endMs);
    if (cursors[name] !== beginMs) await advance(beginMs);
    for (let spanMs = beginMs; spanMs < endMs; spanMs += SPAN_MS) {
      if (now() >= untilMs) return;
      await settleSpan(deps, spanMs);
      await advance(spanMs + SPAN_MS);
    }
    olderMs = endMs;
  }
}

/** The span of the first workload that a first run may find; Infinity if there is none, as in a new deployment. */
async function firstSpan({ ledgerIndex, now }: SettleDeps): Promise<number> {
  const [{ ageMs }] = PASSES;
  for await (const { firstReceivedAtMs } of ledgerIndex.between(now() - ageMs, now())) return spanOf(firstReceivedAtMs);
  return Number.POSITIVE_INFINITY;
}

async function settleSpan({ ledger, ledgerIndex, spans, now }: SettleDeps, spanMs: number): Promise<void> {
  const before = await spans.read(spanMs);
  const settled: WorkloadRecord[] = [];
  const open: string[] = [];
  const records = before ? ledger.read(before.open) : inSpan(ledgerIndex, spanMs);
  for await (const record of await records) {
    if (hasSettled(record, now())) settled.push(shortened(record));
    else open.push(record.workload);
  }
  const isNews = before === undefined || open.length < before.open.length;
  if (isNews && open.length <= MOST_OPEN) await spans.save(spanMs, { settled, open }, before);
}

async function* inSpan(ledgerIndex: SettleDeps['ledgerIndex'], spanMs: number): AsyncGenerator<WorkloadRecord> {
  for await (const some of batches(ledgerIndex.between(spanMs, spanMs + SPAN_MS), 100))
    yield* some.filter(({ firstReceivedAtMs }) => firstReceivedAtMs < spanMs + SPAN_MS);
}

/** Whether nothing can change any more that a look-back shows. */
export function hasSettled(record: WorkloadRecord, nowMs: number): boolean {
  if (!record.stopped) return false;
  const { verdict } = verdictOf(record, nowMs);
  if (verdict === 'seen') return true;
  const lateMs = verdict === 'post-mortem' ? LATE_MS['post-mortem'] : LATE_MS.other;
  const isAwaited = verdict === 'pending' || nowMs < (record.handling?.settleByMs ?? 0);
  return !isAwaited && nowMs >= record.lastSignAtMs + lateMs;
}

/** What events and EC2 say that look-backs show or filter by, or that verdicts depend on. */
const SHOWN: readonly string[] = [
  ...['cluster', 'task_family', 'launch_type', 'instance_type', 'image_id', 'ip', 'container_instance'],
  ...['tag:mayfly:ignore', 'managed_by', 'agent_expected'],
];

/**
 * A settled record without what look-backs do not show. Its verdict, its clocks, and its row in every list stay the same. Ids of
 * containers become numbers, because a verdict only compares them: half of a record are such ids, and they do not compress.
 */
export function shortened(record: WorkloadRecord): WorkloadRecord {
  const { handling, identity, facts } = record;
  const instance = handling?.instanceFacts?.instance_id;
  const starts = Object.entries(facts).filter(([, { startedAtMs }]) => startedAtMs !== undefined);
  const { subjects, containers, seenLive, seenPostMortem } = record;
  const runtimeIds = containers.flatMap(({ runtimeId }) => runtimeId ?? []);
  const ids = [...new Set([...subjects, ...runtimeIds, ...seenLive, ...seenPostMortem, ...Object.keys(facts)])];
  const numberOf = (id: string): string => String(ids.indexOf(id));
  return {
    ...record,
    subjects: subjects.map(numberOf),
    containers: containers.map(({ runtimeId, ...container }) => ({
      ...withoutImage(container),
      runtimeId: runtimeId === undefined ? undefined : numberOf(runtimeId),
    })),
    seenLive: seenLive.map(numberOf),
    seenPostMortem: seenPostMortem.map(numberOf),
    identity: Object.fromEntries(
      SHOWN.flatMap((name) => (identity[name] === undefined ? [] : [[name, identity[name]]])),
    ),
    handling: handling && {
      host: handling.host,
      instanceFacts: instance === undefined ? undefined : { instance_id: instance },
      enrolled: handling.enrolled,
      queryKeys: [],
      settleByMs: handling.settleByMs,
      firstQuery: handling.firstQuery,
    },
    closed: [],
    lateQueries: [],
    lastGasps: [],
    addressesSince: {},
    facts: Object.fromEntries(starts.map(([id, { startedAtMs }]) => [numberOf(id), { startedAtMs }])),
    recordedVerdict: undefined,
  };
}

function withoutImage({ name, lastStatus, unsafeId, essential, endedFirst, exitCode }: TaskContainer) {
  return { name, lastStatus, unsafeId, essential, endedFirst, exitCode };
}

import type { Campaigns } from '../campaigns/campaign.ts';
import { type DeliveredAnswer, keepAnswers } from '../campaigns/keep-answers.ts';
import { grouped } from '../grouped.ts';
import type { Node } from '../nodes/node.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { runOf } from '../queue/offers.ts';
import { together } from '../together.ts';
import type { Answer } from './answer.ts';
import { completeIn, followsItsParts, PART_ROWS, partsOf } from './answer-parts.ts';
import { type Answered, isSettled, repeatsAmong, settledIn, withoutQuery, withQueries } from './answered.ts';
import type { ResultSink, TimeLeft } from './lines.ts';
import { linesOf } from './result-lines.ts';
import { type SettleDeps, settleAnswers } from './settle.ts';
import { pageNews, type StoredAnswers } from './stored-answers.ts';

export interface AnswerDeps extends SettleDeps {
  readonly queue: HostQueue;
  readonly storedAnswers: StoredAnswers;
  readonly sink: ResultSink;
  readonly campaigns: Pick<Campaigns, 'keepAnswer'>;
  readonly timeLeftMs: TimeLeft;
}

/** A slice takes a few tenths of a second, even on a busy processor. */
const SLICE_ANSWERS = 200;
const SLICE_ROWS = PART_ROWS;
/** Time reserved for the reply, ms. */
const RESERVE_MS = 1_500;

/**
 * Stores the answers of one distributed write, once each, and settles what they prove. It works in slices and finishes each
 * slice before the next: claim, store, mark as stored, settle, mark in the delivery. If time runs out, or after a crash, the
 * agent's next copy skips the finished part and makes progress. Only a crash between storing and marking stores lines twice,
 * with the same ids.
 *
 * @returns false if answers are left over, because time ran out or another request is storing them: the agent must keep all
 *   of them and send them again
 */
export async function handleAnswers(node: Node, answers: readonly Answer[], deps: AnswerDeps): Promise<boolean> {
  let isDone = true;
  let slowestMs = 0;
  for await (const open of openSlices(node.host, answers, deps)) {
    const leftMs = deps.timeLeftMs();
    // Always handle the first slice, even with little time left, so that each try makes progress.
    if (slowestMs > 0 && leftMs < RESERVE_MS + 2 * slowestMs) return false;
    const isWhole = await storeSlice(node, open, deps);
    isDone &&= isWhole;
    slowestMs = Math.max(slowestMs, 1, leftMs - deps.timeLeftMs());
  }
  return isDone;
}

/**
 * The answers that are not finished, in slices. Answers to known deliveries come first, in the order of ids: ids begin with
 * the time, so answers of one delivery are neighbours and its first offer comes first. Answers without a known query follow,
 * page by page. Finding the finished ones costs one read for all answers without a query, and one read per slice of the others.
 */
async function* openSlices(host: string, answers: readonly Answer[], deps: AnswerDeps): AsyncGenerator<Answered[]> {
  const left = isLarge(answers) ? await unmarked(host, answers, deps.storedAnswers) : answers;
  const sorted = left.toSorted((a, b) => (a.wireId < b.wireId ? -1 : 1));
  const [ours, others] = parted(sorted, ({ wireId }) => runOf(wireId) !== undefined);
  const unmatched = others.map(withoutQuery);
  for (const slice of slicesOf(ours, (answer) => answer)) {
    const [matched, late] = parted(await withQueries(host, slice, deps.queue), (one) => one.delivered !== undefined);
    for (const one of late) unmatched.push(one);
    const open = matched.filter((one) => !isSettled(one));
    if (open.length > 0) yield* inParts(host, open, deps.storedAnswers);
  }
  const byPage = grouped(unmatched, ({ entry }) => entry.page);
  for (const slice of slicesOf([...byPage.values()].flat(), ({ answer }) => answer))
    yield* inParts(host, slice, deps.storedAnswers);
}

/** The slice itself. An answer with many rows, which is alone in its slice, makes a slice of each part that is not stored. */
async function* inParts(host: string, slice: Answered[], storedAnswers: StoredAnswers): AsyncGenerator<Answered[]> {
  const parts = slice.flatMap(partsOf);
  if (parts.length === slice.length) return yield slice;
  const marks = await storedAnswers.read(host, [...new Set(parts.map(({ entry }) => entry.page))]);
  for (const part of parts) {
    const isStored = part.part?.whole === undefined && marks.get(part.entry.page)?.has(part.entry.mark);
    if (!isStored) yield [part];
  }
}

/** Whether the answers exceed one slice. For a single slice, the claim already returns what is stored. */
const isLarge = (answers: readonly Answer[]): boolean =>
  answers.length > SLICE_ANSWERS || answers.reduce((rows, answer) => rows + answer.rows.length, 0) > SLICE_ROWS;

/** Leaves out answers that are stored as answers without a known query. Their queries have not been looked up yet. */
async function unmarked(host: string, answers: readonly Answer[], storedAnswers: StoredAnswers): Promise<Answer[]> {
  const all = answers.map(withoutQuery);
  const marks = await storedAnswers.read(host, [...new Set(all.map(({ entry }) => entry.page))]);
  return all.flatMap(({ answer, entry }) => (marks.get(entry.page)?.has(entry.mark) ? [] : answer));
}

function parted<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const parts = grouped(items, isFirst);
  return [parts.get(true) ?? [], parts.get(false) ?? []];
}

function* slicesOf<T>(items: readonly T[], answerOf: (item: T) => Answer): Generator<T[]> {
  let slice: T[] = [];
  let rows = 0;
  for (const item of items) {
    const more = answerOf(item).rows.length;
    if (slice.length === SLICE_ANSWERS || (slice.length > 0 && rows + more > SLICE_ROWS)) {
      yield slice;
      slice = [];
      rows = 0;
    }
    slice.push(item);
    rows += more;
  }
  if (slice.length > 0) yield slice;
}

/** Stores and settles one slice. @returns false if another request is storing some of its answers */
async function storeSlice(node: Node, open: readonly Answered[], deps: AnswerDeps): Promise<boolean> {
  const answeredAtMs = deps.now();
  const pages = await claimPages(node.host, open, answeredAtMs, deps);
  const mine = open.filter((one) => {
    const marks = pages.get(one.entry.page);
    return marks !== undefined && followsItsParts(one, marks);
  });
  const unstored = mine.filter(({ entry }) => !pages.get(entry.page)?.has(entry.mark));
  try {
    const repeats = repeatsAmong(mine);
    const lines = unstored.flatMap((one) => linesOf(node, one, repeats.has(one), answeredAtMs));
    if (lines.length > 0) await deps.sink.results(lines, deps.timeLeftMs);
    await keepAnswers(node, completeIn(unstored).flatMap(deliveredAnswer), deps.campaigns, answeredAtMs);
    await closePages(node.host, pages, unstored, { storedAnswers: deps.storedAnswers, nowMs: answeredAtMs });
  } catch (error) {
    // Release the pages at once, because the agent tries again a second later.
    await together(pages.keys(), (page) => deps.storedAnswers.release(node.host, page));
    throw error;
  }
  const complete = completeIn(mine);
  await settleAnswers(node, complete, { answeredAtMs, storedAtMs: deps.now() }, deps);
  await deps.queue.complete(settledIn(complete));
  return mine.length === open.length;
}

/** The answer as a campaign keeps it; none if its query is unknown. */
const deliveredAnswer = ({ answer, entry, delivered }: Answered): DeliveredAnswer[] =>
  delivered ? [{ ...answer, query: delivered.query, run: entry.mark }] : [];

/** Claims the pages of these answers. @returns the marks on the pages that are not busy, by page */
async function claimPages(
  host: string,
  open: readonly Answered[],
  nowMs: number,
  { storedAnswers, timeLeftMs }: AnswerDeps,
): Promise<Map<string, ReadonlySet<string>>> {
  const pages = new Map<string, ReadonlySet<string>>();
  const untilMs = nowMs + Math.max(1, timeLeftMs()); // the claim expires when this invocation must have ended
  try {
    await together(new Set(open.map(({ entry }) => entry.page)), async (page) => {
      const marks = await storedAnswers.claim(host, page, nowMs, untilMs);
      if (marks !== 'busy') pages.set(page, marks);
    });
  } catch (error) {
    await together(pages.keys(), (page) => storedAnswers.release(host, page));
    throw error;
  }
  return pages;
}

/** Marks the stored answers and releases the pages. */
async function closePages(
  host: string,
  pages: ReadonlyMap<string, ReadonlySet<string>>,
  stored: readonly Answered[],
  { storedAnswers, nowMs }: { readonly storedAnswers: StoredAnswers; readonly nowMs: number },
): Promise<void> {
  await together(pages, async ([page, before]) => {
    const marks = stored.flatMap(({ entry }) => (entry.page === page ? [entry.mark] : []));
    if (marks.length === 0) await storedAnswers.release(host, page);
    else await storedAnswers.markStored(host, page, pageNews(before, marks, nowMs));
  });
}

import { grouped } from '../grouped.ts';
import type { Node } from '../nodes/node.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { runOf } from '../queue/offers.ts';
import { together } from '../together.ts';
import type { Answer } from './answer.ts';
import { type Answered, isSettled, repeatsAmong, settledIn, unaskedFor, withQuestions } from './answered.ts';
import type { ResultSink, TimeLeft } from './lines.ts';
import { linesOf } from './result-lines.ts';
import { type SettleDeps, settleAnswers } from './settle.ts';
import { pageNews, type StoredAnswers } from './stored-answers.ts';

export interface AnswerDeps extends SettleDeps {
  readonly queue: HostQueue;
  readonly storedAnswers: StoredAnswers;
  readonly sink: ResultSink;
  readonly timeLeftMs: TimeLeft;
}

/** A slice takes some tenths of a second, on a busy machine too. */
const SLICE_ANSWERS = 200;
const SLICE_ROWS = 2_000;
/** What has to be left for the reply. */
const RESERVE_MS = 1_500;

/**
 * Stores the answers of one distributed write, once each, and settles what they mean. It works in slices, and each one is
 * done before the next begins: claim, store, mark in the book, settle, mark in the delivery. When the time is nearly over,
 * or after a crash, the agent's next copy skips what is done and gets further. Only a crash between storing and marking
 * stores lines twice, with the same ids.
 *
 * @returns false when answers are left over, for want of time or because another request is storing them right now: the
 *   agent must keep all and come again
 */
export async function handleAnswers(node: Node, answers: readonly Answer[], deps: AnswerDeps): Promise<boolean> {
  let isDone = true;
  let slowestMs = 0;
  for await (const open of openSlices(node.host, answers, deps)) {
    const leftMs = deps.timeLeftMs();
    // The first one is begun however little time there is, so that each try gets further.
    if (slowestMs > 0 && leftMs < RESERVE_MS + 2 * slowestMs) return false;
    const isWhole = await storeSlice(node, open, deps);
    isDone &&= isWhole;
    slowestMs = Math.max(slowestMs, 1, leftMs - deps.timeLeftMs());
  }
  return isDone;
}

/**
 * What is still to be done, in slices: first the answers to deliveries that we know, in the order of ids, which begin with
 * the time, so that answers of one delivery are neighbours and its first offer comes first. Then those that nothing we know
 * of had asked for, page by page. Of what is done, these cost one read in all, and the others one read a slice.
 */
async function* openSlices(host: string, answers: readonly Answer[], deps: AnswerDeps): AsyncGenerator<Answered[]> {
  const left = isLarge(answers) ? await unmarked(host, answers, deps.storedAnswers) : answers;
  const sorted = left.toSorted((a, b) => (a.wireId < b.wireId ? -1 : 1));
  const [ours, others] = parted(sorted, ({ wireId }) => runOf(wireId) !== undefined);
  const unasked = others.map(unaskedFor);
  for (const slice of slicesOf(ours, (answer) => answer)) {
    const [asked, late] = parted(await withQuestions(host, slice, deps.queue), (one) => one.question !== undefined);
    for (const one of late) unasked.push(one);
    const open = asked.filter((one) => !isSettled(one));
    if (open.length > 0) yield open;
  }
  const byPage = grouped(unasked, ({ entry }) => entry.page);
  yield* slicesOf([...byPage.values()].flat(), ({ answer }) => answer);
}

/** Whether these are more than one slice holds. A claim tells of a single slice what is stored. */
const isLarge = (answers: readonly Answer[]): boolean =>
  answers.length > SLICE_ANSWERS || answers.reduce((rows, answer) => rows + answer.rows.length, 0) > SLICE_ROWS;

/** Those that were not stored as answers that nothing had asked for. Whether something has is not known here yet. */
async function unmarked(host: string, answers: readonly Answer[], storedAnswers: StoredAnswers): Promise<Answer[]> {
  const all = answers.map(unaskedFor);
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

/** @returns false where another request is storing some of them */
async function storeSlice(node: Node, open: readonly Answered[], deps: AnswerDeps): Promise<boolean> {
  const answeredAtMs = deps.now();
  const pages = await claimPages(node.host, open, answeredAtMs, deps);
  const mine = open.filter(({ entry }) => pages.has(entry.page));
  const unstored = mine.filter(({ entry }) => !pages.get(entry.page)?.has(entry.mark));
  try {
    const repeats = repeatsAmong(mine);
    const lines = unstored.flatMap((one) => linesOf(node, one, repeats.has(one), answeredAtMs));
    if (lines.length > 0) await deps.sink.results(lines, deps.timeLeftMs);
    await closePages(node.host, pages, unstored, { storedAnswers: deps.storedAnswers, nowMs: answeredAtMs });
  } catch (error) {
    // Released so that the agent's next try, a second later, finds no page busy.
    await together(pages.keys(), (page) => deps.storedAnswers.release(node.host, page));
    throw error;
  }
  await settleAnswers(node, mine, { answeredAtMs, storedAtMs: deps.now() }, deps);
  await deps.queue.complete(settledIn(mine));
  return mine.length === open.length;
}

/** Takes the pages that answers belong on. @returns the marks on those that are not busy, by page */
async function claimPages(
  host: string,
  open: readonly Answered[],
  nowMs: number,
  { storedAnswers, timeLeftMs }: AnswerDeps,
): Promise<Map<string, ReadonlySet<string>>> {
  const pages = new Map<string, ReadonlySet<string>>();
  const untilMs = nowMs + Math.max(1, timeLeftMs()); // a function that dies holds no page for longer than it could live
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

/** Marks what was stored, and gives the pages back. */
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

import type { Node } from '../nodes/node.ts';
import type { Answer } from '../osquery/requests.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { together } from '../together.ts';
import { type AnswerBook, pageNews } from './answer-book.ts';
import { type Answered, isSettled, repeatsAmong, settledIn, withQuestions } from './answered.ts';
import type { ResultSink, TimeLeft } from './lines.ts';
import { linesOf } from './result-lines.ts';
import { type SettleDeps, settleAnswers } from './settle.ts';

export interface AnswerDeps extends SettleDeps {
  readonly queue: HostQueue;
  readonly book: AnswerBook;
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
  for (const slice of slicesOf(answers)) {
    const leftMs = deps.timeLeftMs();
    if (slowestMs > 0 && leftMs < RESERVE_MS + 2 * slowestMs) return false;
    const { isWhole, didWork } = await storeSlice(node, slice, deps);
    isDone &&= isWhole;
    if (didWork) slowestMs = Math.max(slowestMs, 1, leftMs - deps.timeLeftMs());
  }
  return isDone;
}

/** In the order of ids, which begin with the time: answers of one delivery are neighbours, its first offer comes first. */
function* slicesOf(answers: readonly Answer[]): Generator<Answer[]> {
  const sorted = answers.toSorted((a, b) => (a.wireId < b.wireId ? -1 : 1));
  let slice: Answer[] = [];
  let rows = 0;
  for (const answer of sorted) {
    if (slice.length === SLICE_ANSWERS || (slice.length > 0 && rows + answer.rows.length > SLICE_ROWS)) {
      yield slice;
      slice = [];
      rows = 0;
    }
    slice.push(answer);
    rows += answer.rows.length;
  }
  if (slice.length > 0) yield slice;
}

async function storeSlice(
  node: Node,
  slice: readonly Answer[],
  deps: AnswerDeps,
): Promise<{ readonly isWhole: boolean; readonly didWork: boolean }> {
  const all = await withQuestions(node.host, slice, deps.queue);
  const open = all.filter((one) => !isSettled(one));
  if (open.length === 0) return { isWhole: true, didWork: false };

  const answeredAtMs = deps.now();
  const pages = await claimPages(node.host, open, answeredAtMs, deps);
  const mine = open.filter(({ entry }) => pages.has(entry.page));
  const unstored = mine.filter(({ entry }) => !pages.get(entry.page)?.has(entry.mark));
  try {
    const repeats = repeatsAmong(mine);
    const lines = unstored.flatMap((one) => linesOf(node, one, repeats.has(one), answeredAtMs));
    if (lines.length > 0) await deps.sink.results(lines, deps.timeLeftMs);
    await closePages(node.host, pages, unstored, answeredAtMs, deps.book);
  } catch (error) {
    // Released so that the agent's next try, a second later, finds no page busy.
    await together(pages.keys(), (page) => deps.book.release(node.host, page));
    throw error;
  }
  await settleAnswers(node, mine, { answeredAtMs, storedAtMs: deps.now() }, deps);
  await deps.queue.complete(settledIn(mine));
  return { isWhole: mine.length === open.length, didWork: true };
}

/** Takes the pages that answers belong on. @returns the marks on those that are not busy, by page */
async function claimPages(
  host: string,
  open: readonly Answered[],
  nowMs: number,
  { book, timeLeftMs }: AnswerDeps,
): Promise<Map<string, ReadonlySet<string>>> {
  const pages = new Map<string, ReadonlySet<string>>();
  const untilMs = nowMs + Math.max(1, timeLeftMs()); // a function that dies holds no page for longer than it could live
  try {
    await together(new Set(open.map(({ entry }) => entry.page)), async (page) => {
      const marks = await book.claim(host, page, nowMs, untilMs);
      if (marks !== 'busy') pages.set(page, marks);
    });
  } catch (error) {
    await together(pages.keys(), (page) => book.release(host, page));
    throw error;
  }
  return pages;
}

/** Marks what was stored, and gives the pages back. */
async function closePages(
  host: string,
  pages: ReadonlyMap<string, ReadonlySet<string>>,
  stored: readonly Answered[],
  nowMs: number,
  book: AnswerBook,
): Promise<void> {
  await together(pages, async ([page, before]) => {
    const marks = stored.flatMap(({ entry }) => (entry.page === page ? [entry.mark] : []));
    if (marks.length === 0) await book.release(host, page);
    else await book.stored(host, page, pageNews(before, marks, nowMs));
  });
}

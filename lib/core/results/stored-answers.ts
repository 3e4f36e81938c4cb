import { createHash } from 'node:crypto';
import { markOf, type Run } from '../queue/offers.ts';
import type { Answer } from './answer.ts';

/**
 * Which answers were stored. Agents send an answer again whenever a reply was lost: up to six copies, milliseconds
 * apart or minutes (docs/spec/osquery-protocol.md §4). Answers are marked by the page, many at once: a page is what one host took
 * within a minute, so that a write of thousands of answers needs few calls.
 */
export interface StoredAnswers {
  /** The marks on pages, in one read or few, whether or not a request holds them. A page without marks may be missing. */
  read(host: string, pages: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  /**
   * Takes a page to store answers that belong on it.
   *
   * @param untilMs when the request that asks has ended for certain: its claim ends by itself then
   * @returns the marks on the page; `busy` while another request holds it, so that the agent has to come again
   */
  claim(host: string, page: string, nowMs: number, untilMs: number): Promise<ReadonlySet<string> | 'busy'>;
  /** Marks answers as durable, and gives the page back. */
  markStored(host: string, page: string, news: PageNews): Promise<void>;
  /** Gives a page back as it was, after a failure that passes. */
  release(host: string, page: string): Promise<void>;
}

/** What is to be remembered of a page, for a day. */
export interface PageNews {
  readonly marks: readonly string[];
  readonly nowMs: number;
  /** Whether these take the place of all marks before them. */
  readonly replaces: boolean;
}

/** An item of the table holds ten times as many; only ids that a host makes up fill a page. */
const MAX_MARKS = 10_000;

/** What a page remembers once these are on it. A full one forgets: a copy that comes much later is stored again. */
export const pageNews = (before: ReadonlySet<string>, marks: readonly string[], nowMs: number): PageNews => ({
  marks,
  nowMs,
  replaces: before.size + marks.length > MAX_MARKS,
});

/** Where in the book an answer belongs. */
export interface Entry {
  readonly page: string;
  readonly mark: string;
}

const MINUTE_MS = 60_000;

/** @param run which of our runs it answers; absent for an id that we cannot have made, of any length and content */
export function entryOf({ wireId, status }: Pick<Answer, 'wireId' | 'status'>, run: Run | undefined): Entry {
  const failed = status !== 0;
  if (run) {
    const deliveredAtMs = Number.parseInt(run.deliveryId, 36); // ids begin with the time
    return { page: String(Math.floor(deliveredAtMs / MINUTE_MS)), mark: `${run.deliveryId}-${markOf(run, failed)}` };
  }
  const digest = createHash('sha256').update(wireId).digest('hex');
  return { page: `~${digest.slice(0, 1)}`, mark: `${digest.slice(0, 24)}${failed ? '!' : ''}` };
}

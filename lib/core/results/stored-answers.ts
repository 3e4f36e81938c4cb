import { createHash } from 'node:crypto';
import { markOf, type Run } from '../queue/offers.ts';
import type { Answer } from './answer.ts';

/**
 * Remembers which answers are stored. An agent sends an answer again whenever a reply is lost: up to six copies, milliseconds
 * or minutes apart (docs/spec/osquery-protocol.md §4). Marks are kept in pages: a page holds the queries delivered to one
 * host within one minute, so a write of thousands of answers needs few calls.
 */
export interface StoredAnswers {
  /** Reads the marks on pages, claimed or not, in few reads. Pages without marks may be missing. */
  read(host: string, pages: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  /**
   * Claims a page in order to store its answers.
   *
   * @param untilMs when the claim expires, because the request that made it must have ended
   * @returns the marks on the page; `busy` while another request holds it, so that the agent has to send again
   */
  claim(host: string, page: string, nowMs: number, untilMs: number): Promise<ReadonlySet<string> | 'busy'>;
  /** Marks answers as durable and releases the page. */
  markStored(host: string, page: string, news: PageNews): Promise<void>;
  /** Releases a page unchanged, after a temporary failure. */
  release(host: string, page: string): Promise<void>;
}

/** Marks to add to a page; kept for a day. */
export interface PageNews {
  readonly marks: readonly string[];
  readonly nowMs: number;
  /** Whether they replace all earlier marks. */
  readonly replaces: boolean;
}

/** A table item can hold ten times as many. Only an agent that invents ids can reach this limit. */
const MAX_MARKS = 10_000;

/** The update that adds marks to a page. A full page drops its old marks, so a very late copy is stored again. */
export const pageNews = (before: ReadonlySet<string>, marks: readonly string[], nowMs: number): PageNews => ({
  marks,
  nowMs,
  replaces: before.size + marks.length > MAX_MARKS,
});

/** The page and the mark of an answer. */
export interface Entry {
  readonly page: string;
  readonly mark: string;
}

const MINUTE_MS = 60_000;

/**
 * The page and mark of an answer.
 *
 * @param run the run it answers; undefined for an id that Mayfly cannot have made, of any length and content
 * @example entryOf({ wireId, status: 0 }, run) // { page: '28671234', mark: '0mhx3k7q-0003-00-01' }
 */
export function entryOf({ wireId, status }: Pick<Answer, 'wireId' | 'status'>, run: Run | undefined): Entry {
  const failed = status !== 0;
  if (run) {
    const deliveredAtMs = Number.parseInt(run.deliveryId, 36); // ids begin with the time
    return { page: String(Math.floor(deliveredAtMs / MINUTE_MS)), mark: `${run.deliveryId}-${markOf(run, failed)}` };
  }
  const digest = createHash('sha256').update(wireId).digest('hex');
  return { page: `~${digest.slice(0, 1)}`, mark: `${digest.slice(0, 24)}${failed ? '!' : ''}` };
}

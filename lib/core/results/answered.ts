import { grouped } from '../grouped.ts';
import type { DeliveredQuery, Delivery, Offer } from '../queue/delivery.ts';
import type { FoundDelivery, HostQueue, Settled } from '../queue/host-queue.ts';
import { markedRun, markOf, type Run, runOf } from '../queue/offers.ts';
import type { Answer } from './answer.ts';
import { type Entry, entryOf } from './stored-answers.ts';

/** One answer of a write, with the query it answers. */
export interface Answered {
  readonly answer: Answer;
  readonly entry: Entry;
  /** Which part of an answer with many rows it is. @default - the whole answer */
  readonly part?: Part;
  /** The delivered query that it answers. Absent if Mayfly has no record of it. */
  readonly delivered?: {
    readonly run: Run;
    readonly mark: string;
    readonly delivery: FoundDelivery;
    readonly query: DeliveredQuery;
  };
}

/** A part of an answer with many rows. */
export interface Part {
  /** The position of its first row in the answer. */
  readonly firstRow: number;
  /** The whole answer, in its last part only. */
  readonly whole?: Answered;
  /** The marks of the parts before it. */
  readonly earlier: readonly string[];
}

/** An answer without a known query. */
export const withoutQuery = (answer: Answer): Answered => ({ answer, entry: entryOf(answer, undefined) });

/** Finds the queries of these answers, in flight or retired. */
export async function withQueries(host: string, answers: readonly Answer[], queue: HostQueue): Promise<Answered[]> {
  const runs = new Map(answers.map((answer) => [answer, runOf(answer.wireId)]));
  const ids = new Set([...runs.values()].flatMap((run) => run?.deliveryId ?? []));
  const found = ids.size > 0 ? await queue.findDeliveries(host, [...ids]) : [];
  const deliveries = new Map(found.map((delivery) => [delivery.id, delivery]));
  return answers.map((answer) => {
    const run = runs.get(answer);
    const delivery = run && deliveries.get(run.deliveryId);
    const query = run && delivery?.queries[run.position];
    if (!run || !delivery || !query) return withoutQuery(answer);
    const mark = markOf(run, answer.status !== 0);
    return { answer, entry: entryOf(answer, run), delivered: { run, mark, delivery, query } };
  });
}

/** Whether an answer is already stored and settled. */
export const isSettled = ({ delivered }: Answered): boolean =>
  delivered?.delivery.answered.includes(delivered.mark) ?? false;

/** The offer of an answered query; the latest recorded one if the record of a later offer was lost. */
export const offerOf = (delivery: Delivery, { offer }: Run): Offer | undefined =>
  delivery.offers[offer] ?? delivery.offers.at(-1);

/** The answers whose query was already answered under the id of another offer. */
export function repeatsAmong(answers: readonly Answered[]): Set<Answered> {
  const firstOffers = new Map<DeliveredQuery, number>();
  const repeats = new Set<Answered>();
  for (const one of answers) {
    if (!one.delivered) continue;
    const { delivery, query, run } = one.delivered;
    const before = delivery.answered.map(markedRun).find(({ position }) => position === run.position)?.offer;
    const first = firstOffers.get(query) ?? before ?? run.offer;
    firstOffers.set(query, first);
    if (first !== run.offer) repeats.add(one);
  }
  return repeats;
}

/** The marks to record in each delivery once these answers are settled. */
export function settledIn(answers: readonly Answered[]): Settled[] {
  const byDelivery = grouped(
    answers.flatMap(({ delivered }) => delivered ?? []),
    ({ delivery }) => delivery,
  );
  return [...byDelivery].map(([delivery, ofIt]) => ({ delivery, marks: ofIt.map(({ mark }) => mark) }));
}

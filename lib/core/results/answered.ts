import { grouped } from '../grouped.ts';
import type { DeliveredQuery, Delivery, Offer } from '../queue/delivery.ts';
import type { FoundDelivery, HostQueue, Settled } from '../queue/host-queue.ts';
import { markedRun, markOf, type Run, runOf } from '../queue/offers.ts';
import type { Answer } from './answer.ts';
import { type Entry, entryOf } from './stored-answers.ts';

/** One answer of a write, and what it answers. */
export interface Answered {
  readonly answer: Answer;
  readonly entry: Entry;
  /** Absent where nothing we know of had asked. */
  readonly question?: {
    readonly run: Run;
    readonly mark: string;
    readonly delivery: FoundDelivery;
    readonly query: DeliveredQuery;
  };
}

/** An answer that nothing we know of had asked for. */
export const unaskedFor = (answer: Answer): Answered => ({ answer, entry: entryOf(answer, undefined) });

/** Finds what these answers answer, whether it is still in flight or retired. */
export async function withQuestions(host: string, answers: readonly Answer[], queue: HostQueue): Promise<Answered[]> {
  const runs = new Map(answers.map((answer) => [answer, runOf(answer.wireId)]));
  const ids = new Set([...runs.values()].flatMap((run) => run?.deliveryId ?? []));
  const found = ids.size > 0 ? await queue.findDeliveries(host, [...ids]) : [];
  const deliveries = new Map(found.map((delivery) => [delivery.id, delivery]));
  return answers.map((answer) => {
    const run = runs.get(answer);
    const delivery = run && deliveries.get(run.deliveryId);
    const query = run && delivery?.queries[run.position];
    if (!run || !delivery || !query) return unaskedFor(answer);
    const mark = markOf(run, answer.status !== 0);
    return { answer, entry: entryOf(answer, run), question: { run, mark, delivery, query } };
  });
}

/** Whether it was stored and settled before. */
export const isSettled = ({ question }: Answered): boolean =>
  question?.delivery.answered.includes(question.mark) ?? false;

/** When the agent got the query that it answers; the latest offer where a note of a later one was lost. */
export const offerOf = (delivery: Delivery, { offer }: Run): Offer | undefined =>
  delivery.offers[offer] ?? delivery.offers.at(-1);

/** Those of the answers whose query was answered before, under the id of another offer. */
export function repeatsAmong(answers: readonly Answered[]): Set<Answered> {
  const firstOffers = new Map<DeliveredQuery, number>();
  const repeats = new Set<Answered>();
  for (const one of answers) {
    if (!one.question) continue;
    const { delivery, query, run } = one.question;
    const before = delivery.answered.map(markedRun).find(({ position }) => position === run.position)?.offer;
    const first = firstOffers.get(query) ?? before ?? run.offer;
    firstOffers.set(query, first);
    if (first !== run.offer) repeats.add(one);
  }
  return repeats;
}

/** What is to be noted in each delivery once these are settled. */
export function settledIn(answers: readonly Answered[]): Settled[] {
  const byDelivery = grouped(
    answers.flatMap(({ question }) => question ?? []),
    ({ delivery }) => delivery,
  );
  return [...byDelivery].map(([delivery, ofIt]) => ({ delivery, marks: ofIt.map(({ mark }) => mark) }));
}

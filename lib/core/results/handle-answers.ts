import type { Findings } from '../fleet/finding.ts';
import { noteShortCleanup } from '../fleet/short-cleanup.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Arrival, ContainerFacts, Poller, Trouble } from '../ledger/workload.ts';
import type { Node } from '../nodes/node.ts';
import type { Answer, Row } from '../osquery/requests.ts';
import { askTwins, wantsTwins } from '../queue/ask-twins.ts';
import { type DeliveredQuery, type Delivery, deliveryIdOf } from '../queue/delivery.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import type { Asker, Decorations } from '../queue/pending-query.ts';
import type { Report } from '../report.ts';
import { type FanOuts, FINDING_KEEPS_MS } from '../triggers/fan-out.ts';
import type { AnswerBook } from './answer-book.ts';
import { type Proof, reportClocks } from './answer-clocks.ts';
import { containerFacts } from './container-facts.ts';
import { lineId, type ResultLine, type ResultSink } from './lines.ts';

export interface AnswerDeps {
  readonly queue: HostQueue;
  readonly ledger: Ledger;
  readonly book: AnswerBook;
  readonly sink: ResultSink;
  readonly findings: Findings;
  readonly fanOuts: Pick<FanOuts, 'save'>;
  /** Told of rows of the enrollment and launch sets, which say which instance a host is. */
  readonly learnInstance: (host: string, instanceId: string) => Promise<void>;
  /** Told which configuration a node says it runs: `osquery_info.config_hash`, wherever a row has it. */
  readonly learnConfig: (host: string, configHash: string) => Promise<void>;
  /** Told that the agent reaches Docker. */
  readonly seesContainers?: () => Promise<void>;
  /** Whether the host may still speak for a name under which it was asked. @default - it may */
  readonly standsFor?: (name: string) => Promise<boolean>;
  /** What is guaranteed of the node's agent. */
  readonly poller: () => Promise<Poller>;
  /** How often the reconciler sweeps. */
  readonly sweepEveryMs: number;
  readonly now: () => number; // epoch ms
  readonly report: Report;
}

/** A request holds its claims no longer than the function may run. */
const CLAIM_MS = 20_000;

/**
 * Stores the answers of one distributed write, once each, and settles what they mean. Order makes it safe: claim,
 * store, settle, mark stored, close the delivery. A crash anywhere leaves a state in which the agent's next copy
 * finishes the rest: only one between storing and marking stores a line twice, and while the delivery is open the
 * second line is the same one.
 *
 * @returns false when another request is storing one of them right now: the agent must keep them and come again
 */
export async function handleAnswers(
  node: Node,
  deliveries: readonly Delivery[],
  answers: readonly Answer[],
  deps: AnswerDeps,
): Promise<boolean> {
  const { book, sink, queue, now, report } = deps;
  const nowMs = now();
  const host = node.host;
  const late = await givenUp(host, deliveries, answers, queue);
  const all = answers.map((answer) => ({ answer, ...asked([...deliveries, ...late], answer.wireId) }));
  const claimed = new Set<Answer>();
  const busy = new Set<Answer>();
  let poller: Poller | undefined;
  const mine = () => all.filter(({ answer }) => claimed.has(answer));
  try {
    await together(answers, async (answer) => {
      const state = await book.claim(host, answer.wireId, nowMs, nowMs + CLAIM_MS);
      if (state === 'claimed') claimed.add(answer);
      if (state === 'busy') busy.add(answer);
    });
    if (mine().some(({ query }) => query?.evidence)) poller = await deps.poller();
    await sink.results(mine().flatMap(({ answer, query, delivery }) => linesOf(node, answer, query, delivery, nowMs)));
  } catch (error) {
    // Released so that the agent's next try, a second later, is not told "busy".
    await together(claimed, (answer) => book.release(host, answer.wireId));
    throw error;
  }
  const ours = { answeredAtMs: nowMs, storedAtMs: now() };
  const proofs: Proof[] = [];
  await together(mine(), async ({ answer, query, delivery }) => {
    if (!query || !delivery) return;
    const from = poller && { deliveredAtMs: delivery.deliveredAtMs, poller };
    const meant = { ...query, askers: await rightfullyAsked(host, query.askers, deps) };
    if (showsContainers(answer, query) && node.seesContainersAtMs === undefined) await deps.seesContainers?.();
    if (answer.status === 0 && answer.rows.length === 0 && wantsTwins(node, meant)) {
      await askTwins(node, meant, queue);
      return;
    }
    proofs.push(...(await settle(host, meant, answer, from && { from, ...ours }, deps)));
  });
  await together(claimed, (answer) => book.stored(host, answer.wireId, nowMs));
  for (const delivery of deliveries) {
    // Those stored before too: the request that stored them may have ended before this.
    const settled = all.filter((entry) => entry.delivery === delivery && !busy.has(entry.answer));
    if (settled.length > 0)
      await queue.complete(
        delivery,
        settled.map((entry) => entry.answer.wireId),
      );
  }
  reportClocks(host, proofs, deps.sweepEveryMs, report);
  return busy.size === 0;
}

/** Does all at once: after an outage an agent brings thousands of answers. Fails only when nothing is under way any more. */
async function together<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
  const work = [...items].map(act);
  await Promise.allSettled(work);
  await Promise.all(work);
}

// After an outage an agent brings thousands of answers, of a handful of deliveries.
const MAX_GIVEN_UP = 100;

/** The deliveries of these answers that were given up: what they prove is as good as ever. */
async function givenUp(
  host: string,
  deliveries: readonly Delivery[],
  answers: readonly Answer[],
  queue: HostQueue,
): Promise<readonly Delivery[]> {
  const open = new Set(deliveries.map(({ id }) => id));
  const ids = new Set(answers.map(({ wireId }) => deliveryIdOf(wireId)).filter((id) => id !== '' && !open.has(id)));
  return ids.size === 0 ? [] : queue.givenUp(host, [...ids].slice(0, MAX_GIVEN_UP));
}

function asked(deliveries: readonly Delivery[], wireId: string): { delivery?: Delivery; query?: DeliveredQuery } {
  for (const delivery of deliveries) {
    const query = delivery.queries.find((candidate) => candidate.wireId === wireId);
    if (query) return { delivery, query };
  }
  return {};
}

/** The askers a row answers: those it names as a subject, or the only one there is; nobody, when it could be several. */
function askersOf(query: DeliveredQuery, row: Row): readonly (Asker | undefined)[] {
  const column = query.evidence?.column ?? (query.askers.some((a) => a.subjects.length > 0) ? 'id' : undefined);
  const subject = column && Object.hasOwn(row, column) ? row[column] : undefined;
  const named = subject === undefined ? [] : query.askers.filter((asker) => asker.subjects.includes(subject));
  if (named.length > 0) return named;
  return query.askers.length === 1 ? query.askers : [undefined];
}

function linesOf(
  node: Node,
  answer: Answer,
  query: DeliveredQuery | undefined,
  delivery: Delivery | undefined,
  nowMs: number,
): ResultLine[] {
  const line = (index: number, columns: Row | null, asker: Asker | undefined): ResultLine => ({
    id: lineId(node.host, answer.wireId, index, asker?.queryId ?? ''),
    kind: 'result',
    time: new Date(nowMs).toISOString(),
    storedAtMs: nowMs,
    host: node.host,
    hostname: node.identity.hostname,
    rule: query?.rule ?? '',
    query: query?.query ?? '',
    queryId: asker?.queryId ?? answer.wireId.slice(0, 64),
    set: query?.set ?? '',
    status: answer.status,
    message: answer.message,
    workload: asker?.workload ?? null,
    columns,
    decorations: { ...hostDecorations(node), ...decorationsOf(asker, columns, query) },
    late: query === undefined,
    ...(asker ? timesOf(asker) : {}),
    ...(delivery ? { deliveredAtMs: delivery.deliveredAtMs } : {}),
  });
  if (answer.rows.length === 0) {
    const askers: readonly (Asker | undefined)[] = query ? query.askers : [undefined];
    return askers.map((asker) => line(0, null, asker));
  }
  return answer.rows.flatMap((row, index) => {
    const askers: readonly (Asker | undefined)[] = query ? askersOf(query, row) : [undefined];
    return askers.map((asker) => line(index, row, asker));
  });
}

const timesOf = ({ triggeredAtMs, receivedAtMs, queuedAtMs }: Asker): Partial<ResultLine> => ({
  triggeredAtMs,
  receivedAtMs,
  queuedAtMs,
});

function hostDecorations(node: Node): Decorations {
  const { hostname, uuid, platform, osqueryVersion } = node.identity;
  return { host_identifier: node.host, hostname, host_uuid: uuid, platform, osquery_version: osqueryVersion };
}

function decorationsOf(asker: Asker | undefined, row: Row | null, query: DeliveredQuery | undefined): Decorations {
  if (!asker) return {};
  const column = query?.evidence?.column ?? 'id';
  const subject = row && Object.hasOwn(row, column) ? row[column] : undefined;
  const own =
    subject !== undefined && Object.hasOwn(asker.subjectDecorations, subject) ? asker.subjectDecorations[subject] : {};
  return { ...asker.decorations, ...own };
}

/** Whether the answer shows that its agent reaches Docker: it names a container that was asked about, or Docker itself. */
function showsContainers({ status, rows }: Answer, { set, evidence, askers }: DeliveredQuery): boolean {
  if (status !== 0) return false;
  if (set === 'enrollment') return rows.some((row) => Object.hasOwn(row, 'server_version'));
  const ids = new Set(askers.flatMap(({ workload, subjects }) => (workload?.startsWith('arn:') ? subjects : [])));
  return evidence !== undefined && rows.some((row) => ids.has(row[evidence.column] ?? ''));
}

/** Those of these askers whom the host may answer: a name under which it was asked may belong to another host by now. */
async function rightfullyAsked(host: string, askers: readonly Asker[], deps: AnswerDeps): Promise<readonly Asker[]> {
  const names = [...new Set(askers.flatMap(({ alias }) => alias ?? []))];
  const lost = new Set<string>();
  for (const name of names) if (deps.standsFor && !(await deps.standsFor(name))) lost.add(name);
  for (const name of lost) deps.report('answer_disregarded', { host, alias: name });
  return askers.filter(({ alias }) => alias === undefined || !lost.has(alias));
}

/**
 * Tells the ledger what an answer proves about each workload, or why it proves nothing.
 *
 * @param arrival absent where the query has no evidence
 * @returns what it proved to whom
 */
async function settle(
  host: string,
  query: DeliveredQuery,
  answer: Answer,
  arrival: Arrival | undefined,
  deps: AnswerDeps,
): Promise<Proof[]> {
  if (answer.status === 0 && (query.set === 'enrollment' || query.set === 'launch')) {
    const instance = answer.rows
      .map((row) => row.instance_id)
      .find((id) => id !== undefined && /^i-[0-9a-f]{8,17}$/.test(id));
    if (instance && instance !== host) await deps.learnInstance(host, instance);
  }
  const answered = answer.status === 0 ? query.askers.flatMap(({ places = [] }) => places) : [];
  for (const place of answered) await deps.fanOuts.save(place, { hosts: 1, done: true }, deps.now(), FINDING_KEEPS_MS);
  const configHash = answer.rows.map((row) => row.config_hash).find((hash) => hash && /^[0-9a-f]{40}$/.test(hash));
  if (configHash) await deps.learnConfig(host, configHash);
  const { evidence } = query;
  if (!evidence || !arrival) return [];
  const proven: Proof[] = [];
  for (const asker of query.askers) {
    if (asker.workload === undefined) continue;
    const proofs = answer.rows.filter((row) => asker.subjects.includes(row[evidence.column] ?? ''));
    const idsOf = (rows: readonly Row[]): string[] => [...new Set(rows.flatMap((row) => row[evidence.column] ?? []))];
    const isAlive = (row: Row): boolean =>
      query.set !== 'post-mortem' &&
      (!evidence.alive || evidence.alive.oneOf.includes(row[evidence.alive.column] ?? ''));
    if (query.set === 'post-mortem' && answer.status === 0)
      await noteShortCleanup(host, asker, idsOf(proofs), answer.rows.length > 0, deps);
    const trouble = troubleOf(answer, proofs.length);
    if (trouble) await deps.ledger.troubled(asker.workload, trouble, [asker.queryId]);
    else {
      const live = idsOf(proofs.filter(isAlive));
      const postMortem = idsOf(proofs.filter((row) => !isAlive(row)));
      const facts = factsIn(proofs, evidence.column);
      const sighting = { live, postMortem, facts, queryId: asker.queryId, ...arrival };
      const before = await deps.ledger.saw(asker.workload, sighting);
      proven.push({ query, asker, before, ...arrival });
      // It answered, and not about all: silence would be the wrong word for the rest.
      const proved = new Set(idsOf(proofs));
      if (!asker.subjects.every((subject) => proved.has(subject))) await deps.ledger.troubled(asker.workload, 'no-row');
    }
  }
  return proven;
}

/** As many containers as an event may name; one write to the ledger cannot say much more. */
const MAX_FACTS = 50;

/** Subject → what its first row says. */
function factsIn(rows: readonly Row[], column: string): Record<string, ContainerFacts> {
  const said = rows.flatMap((row): [string, ContainerFacts][] => {
    const facts = containerFacts(row);
    return Object.keys(facts).length > 0 ? [[row[column] ?? '', facts]] : [];
  });
  // The last entry of a name wins.
  return Object.fromEntries([...new Map(said.toReversed())].slice(-MAX_FACTS));
}

function troubleOf(answer: Answer, proofs: number): Trouble | undefined {
  if (answer.status === 0) return proofs > 0 ? undefined : 'no-row';
  // The agent's own words for SQL that once killed it (docs/spec/osquery-protocol.md §9.3).
  return answer.message.includes('denylisted') ? 'denylisted' : 'query-failed';
}

import type { FleetIssues } from '../fleet/fleet-issue.ts';
import { noteShortCleanup } from '../fleet/short-cleanup.ts';
import { grouped } from '../grouped.ts';
import type { Sightings } from '../ledger/ledger.ts';
import type {
  AnswerContext,
  AnswerFrom,
  ContainerFacts,
  Outcome,
  Poller,
  Sighting,
  Trouble,
} from '../ledger/workload.ts';
import type { Node } from '../nodes/node.ts';
import type { Evidence } from '../policy/query-set.ts';
import { askSecondAgents, wantsSecondAgents } from '../queue/ask-second-agents.ts';
import type { DeliveredQuery, Delivery } from '../queue/delivery.ts';
import { type FanOuts, FINDING_KEPT_MS } from '../queue/fan-out.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { moveNamed } from '../queue/move.ts';
import { waitingFor } from '../queue/offers.ts';
import type { Asker } from '../queue/pending-query.ts';
import type { Report } from '../reports/report.ts';
import type { Answer, Row } from './answer.ts';
import { type ProvingAnswer, reportClocks } from './answer-clocks.ts';
import { type Answered, offerOf } from './answered.ts';
import { containerFacts } from './container-facts.ts';

export interface SettleDeps {
  readonly queue: HostQueue;
  readonly ledger: Sightings;
  readonly fleetIssues: FleetIssues;
  readonly fanOuts: Pick<FanOuts, 'save'>;
  /** Handles an instance id in rows of the enrollment and launch sets: the host is that instance. */
  readonly learnInstance: (host: string, instanceId: string) => Promise<void>;
  /** Handles a node's configuration in any row: `osquery_info.config_hash`. */
  readonly learnConfig: (host: string, configHash: string) => Promise<void>;
  /** Records that the agent can reach Docker. */
  readonly seesContainers?: () => Promise<void>;
  /** The host that an alias means now, if it is another host. @default - no alias has moved */
  readonly otherHostOf?: (name: string) => Promise<string | undefined>;
  /** The polling interval guaranteed for the node's agent. */
  readonly poller: () => Promise<Poller>;
  /** How often the reconciler sweeps, ms. */
  readonly sweepEveryMs: number;
  readonly now: () => number; // epoch ms
  readonly report: Report;
}

interface Clocks {
  readonly answeredAtMs: number;
  readonly storedAtMs: number;
}

/** An answer to a known query. */
interface Known {
  readonly answer: Answer;
  readonly query: DeliveredQuery;
  readonly delivery: Delivery;
  readonly deliveredAtMs: number;
}

/**
 * Records what stored answers prove about each workload in the ledger, or why they prove nothing: one write for each workload
 * and kind of news. Idempotent.
 */
export async function settleAnswers(
  node: Node,
  answers: readonly Answered[],
  clocks: Clocks,
  deps: SettleDeps,
): Promise<void> {
  const { host } = node;
  const all = answers.flatMap(({ answer, delivered }): Known[] => {
    if (!delivered) return [];
    const deliveredAtMs = offerOf(delivered.delivery, delivered.run)?.atMs ?? clocks.answeredAtMs;
    return [{ answer, query: delivered.query, delivery: delivered.delivery, deliveredAtMs }];
  });
  if (node.seesContainersAtMs === undefined && all.some(showsContainers)) await deps.seesContainers?.();
  const known = await passOn(node, await rightful(host, all, deps), deps.queue);
  await learnFrom(host, known, deps);
  const evident = known.filter(({ query }) => query.evidence !== undefined);
  if (evident.length === 0) return;
  const poller = await deps.poller();
  const news = evident.flatMap((one) => newsOf(one, poller));
  for (const { query, answer, asker, proved } of news) {
    if (query.set === 'post-mortem' && answer.status === 0)
      await noteShortCleanup({ host, asker, answered: proved, reached: answer.rows.length > 0 }, deps);
  }
  const byWorkload = grouped(news, ({ workload }) => workload);
  const before = await deps.ledger.recordOutcomes(
    new Map([...byWorkload].map(([workload, ofIt]) => [workload, outcomeOf(ofIt, clocks)])),
  );
  const proofs = [...byWorkload].flatMap(([workload, ofIt]) => proofsOf(ofIt, before.get(workload), clocks));
  reportClocks(host, proofs, deps.sweepEveryMs, deps.report);
}

/** Whether an answer shows that its agent can reach Docker: it names a container in question, or Docker's version. */
function showsContainers({ answer: { status, rows }, query: { set, evidence, askers } }: Known): boolean {
  if (status !== 0) return false;
  if (set === 'enrollment') return rows.some((row) => Object.hasOwn(row, 'server_version'));
  const ids = new Set(askers.flatMap(({ workload, subjects }) => (workload?.startsWith('arn:') ? subjects : [])));
  return evidence !== undefined && rows.some((row) => ids.has(row[evidence.column] ?? ''));
}

/**
 * Drops askers that this host may no longer answer: their alias belongs to another host now, and their queries move to that
 * host.
 */
async function rightful(host: string, known: readonly Known[], deps: SettleDeps): Promise<Known[]> {
  const { otherHostOf, report } = deps;
  const names = new Set(known.flatMap(({ query }) => query.askers.flatMap(({ alias }) => alias ?? [])));
  const lost = new Set<string>();
  for (const name of names) {
    const other = await otherHostOf?.(name);
    if (other === undefined) continue;
    lost.add(name);
    report('answer_disregarded', { host, alias: name });
    await moveNamed(name, host, other, deps);
  }
  const isRightful = ({ alias }: Asker): boolean => alias === undefined || !lost.has(alias);
  return known.map((one) => {
    const askers = waitingFor(one.delivery, one.query).filter(isRightful);
    return { ...one, query: { ...one.query, askers } };
  });
}

/** Passes queries that found nothing on to the other agents on the host if this one cannot reach Docker. @returns the other answers */
async function passOn(node: Node, known: readonly Known[], queue: HostQueue): Promise<Known[]> {
  const own: Known[] = [];
  for (const one of known) {
    const { answer, query } = one;
    const isEmpty = answer.status === 0 && answer.rows.length === 0;
    if (isEmpty && wantsSecondAgents(node, query)) await askSecondAgents(node, query, queue);
    else own.push(one);
  }
  return own;
}

/** Handles facts about the host itself in the rows, each once. */
async function learnFrom(host: string, known: readonly Known[], deps: SettleDeps): Promise<void> {
  const good = known.filter(({ answer }) => answer.status === 0);
  const instances = good.flatMap(({ answer, query }) =>
    query.set === 'enrollment' || query.set === 'launch' ? firstMatch(answer.rows, 'instance_id', INSTANCE_ID) : [],
  );
  for (const instance of new Set(instances)) if (instance !== host) await deps.learnInstance(host, instance);
  const fanOutIds = good.flatMap(({ query }) => query.askers.flatMap((asker) => asker.fanOutIds ?? []));
  for (const id of new Set(fanOutIds))
    await deps.fanOuts.save(id, { hosts: 1, done: true }, deps.now(), FINDING_KEPT_MS);
  const hashes = known.flatMap(({ answer }) => firstMatch(answer.rows, 'config_hash', CONFIG_HASH));
  const latest = hashes.at(-1);
  if (latest) await deps.learnConfig(host, latest);
}

const INSTANCE_ID = /^i-[0-9a-f]{8,17}$/;
const CONFIG_HASH = /^[0-9a-f]{40}$/;

function firstMatch(rows: readonly Row[], column: string, pattern: RegExp): string[] {
  const found = rows.find((row) => pattern.test(row[column] ?? ''))?.[column];
  return found === undefined ? [] : [found];
}

/** What one answer says about one workload, for one asker. */
interface News {
  readonly workload: string;
  readonly query: DeliveredQuery;
  readonly asker: Asker;
  readonly answer: Answer;
  readonly from: AnswerFrom;
  readonly live: readonly string[];
  readonly postMortem: readonly string[];
  /** Subjects named in rows, running or not. */
  readonly proved: readonly string[];
  readonly facts: Readonly<Record<string, ContainerFacts>>;
  readonly trouble?: Trouble;
}

function newsOf({ answer, query, deliveredAtMs }: Known, poller: Poller): News[] {
  const { evidence } = query;
  if (!evidence) return [];
  const rowsOf = grouped(answer.rows, (row) => row[evidence.column] ?? '');
  return query.askers.flatMap((asker): News[] => {
    const { workload } = asker;
    if (workload === undefined) return [];
    const rows = [...new Set(asker.subjects)].flatMap((subject) => rowsOf.get(subject) ?? []);
    const idsOf = (some: readonly Row[]): string[] => [...new Set(some.flatMap((row) => row[evidence.column] ?? []))];
    const proved = idsOf(rows);
    const isAlive = isAliveIn(query, evidence);
    const isPartial = proved.length === 0 || asker.subjects.some((subject) => !proved.includes(subject));
    const good = answer.status === 0 ? rows : [];
    return [
      {
        workload,
        query,
        asker,
        answer,
        from: { deliveredAtMs, poller },
        live: idsOf(good.filter(isAlive)),
        postMortem: idsOf(good.filter((row) => !isAlive(row))),
        proved,
        facts: factsIn(good, evidence.column),
        trouble: troubleOf(answer, isPartial),
      },
    ];
  });
}

const isAliveIn =
  ({ set }: DeliveredQuery, { alive }: Evidence) =>
  (row: Row): boolean =>
    set !== 'post-mortem' && (!alive || alive.oneOf.includes(row[alive.column] ?? ''));

/** The most containers an event may name; one write to the ledger cannot hold many more. */
const MAX_FACTS = 50;

/** Subject → the facts in its first row. */
function factsIn(rows: readonly Row[], column: string): Record<string, ContainerFacts> {
  const said = rows.flatMap((row): [string, ContainerFacts][] => {
    const facts = containerFacts(row);
    const isEmpty = Object.values(facts).every((fact) => fact === undefined);
    return isEmpty ? [] : [[row[column] ?? '', facts]];
  });
  // The list is reversed because a Map keeps the last entry of each key: the first row wins.
  return Object.fromEntries([...new Map(said.toReversed())].slice(-MAX_FACTS));
}

/** Why an answer does not prove all of its subjects; undefined if it does. */
function troubleOf({ status, message }: Answer, isPartial: boolean): Trouble | undefined {
  if (status === 0) return isPartial ? 'no-row' : undefined;
  // osquery denylists a query that killed it and says so in the message (docs/spec/osquery-protocol.md §9.3).
  return message.includes('denylisted') ? 'denylisted' : 'query-failed';
}

/** The news about one workload in one record. */
function outcomeOf(news: readonly News[], clocks: Clocks): Outcome {
  const proving = provingOf(news);
  const [first] = proving;
  return {
    closes: [...new Set(news.map(({ asker }) => asker.queryId))],
    troubles: [...new Set(news.flatMap(({ trouble }) => trouble ?? []))],
    sighting: first && { ...sightingOf(proving), from: first.from, ...clocks },
  };
}

/** What the news about one workload proved, for each asker. */
function proofsOf(news: readonly News[], before: AnswerContext | undefined, clocks: Clocks): ProvingAnswer[] {
  return provingOf(news).map(({ query, asker, from }, index) => {
    // The bound applies to the first answer only; for the others the workload had already been seen.
    const then = before && index > 0 ? { ...before, firstAnswerAtMs: clocks.answeredAtMs } : before;
    return { query, asker, from, ...clocks, before: then };
  });
}

const provingOf = (news: readonly News[]): News[] =>
  news.filter(({ live, postMortem }) => live.length + postMortem.length > 0);

function sightingOf(proving: readonly News[]): Pick<Sighting, 'live' | 'postMortem' | 'facts'> {
  const unique = (ids: readonly string[]): string[] => [...new Set(ids)];
  // For each container the first post-mortem answer wins, or else the first answer. The best one is last, because a Map keeps
  // the last entry of each key.
  const isEnded = ({ postMortem }: News): boolean => postMortem.length > 0;
  const inOrder = proving.toReversed().toSorted((a, b) => Number(isEnded(a)) - Number(isEnded(b)));
  const facts = inOrder.flatMap((one) => Object.entries(one.facts));
  return {
    live: unique(proving.flatMap(({ live }) => live)),
    postMortem: unique(proving.flatMap(({ postMortem }) => postMortem)),
    facts: Object.fromEntries([...new Map(facts)].slice(-MAX_FACTS)),
  };
}

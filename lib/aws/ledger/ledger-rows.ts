import * as z from 'zod/mini';
import type { PendingKey } from '../../core/ledger/pending-key.ts';
import {
  type AnswerContext,
  type AnswerFrom,
  type ContainerFacts,
  type FirstQuery,
  type Handling,
  type MissReason,
  type Poller,
  type QueryCount,
  type RecordedVerdict,
  type TaskContainer,
  type TaskTimes,
  TROUBLES,
  type Trouble,
  type Verdict,
  type WorkloadRecord,
  type WorkloadSnapshot,
} from '../../core/ledger/workload.ts';
import { unpacked } from '../table/packed-json.ts';
import {
  detectedBy,
  flag,
  json,
  list,
  membersOrNone,
  number,
  querySet,
  readRow,
  renamed,
  type ShapeOf,
  type TableRow,
  text,
  texts,
} from '../table/row-schema.ts';

/** The prefix of attributes that hold what a row said about a container: `facts#<container id>`. */
export const FACTS = 'facts#';

/** Only `true` is ever written. */
const mark = z.optional(z.literal(true));
const instants = z.record(text, number);

const container = z.object({
  name: text,
  lastStatus: text,
  runtimeId: z.optional(text),
  unsafeId: mark,
  essential: z.optional(flag),
  endedFirst: mark,
  image: z.optional(text),
  imageDigest: z.optional(text),
  exitCode: z.optional(number),
  reason: z.optional(text),
} satisfies ShapeOf<TaskContainer>);

const times = z.object({
  createdAtMs: z.optional(number),
  pullStartedAtMs: z.optional(number),
  startedAtMs: z.optional(number),
  executionStoppedAtMs: z.optional(number),
  stoppedAtMs: z.optional(number),
} satisfies ShapeOf<TaskTimes>);

const workloadKind = z.enum(['ecs-task', 'ec2-instance']);

const described = {
  workload: text,
  kind: workloadKind,
  version: number,
  versionStep: number,
  lastStatus: text,
  desiredStatus: text,
  stopped: flag,
  subjects: list,
  containers: z.array(container),
  identity: texts,
  times: z.optional(times),
  occurredAtMs: number,
};

/** Rows of earlier versions lack `receivedAtMs` and `detectedBy`: the event's own time and `event` stand in. */
const snapshot = z.pipe(
  renamed(
    { toldBy: 'detectedBy' },
    z.object({
      ...described,
      receivedAtMs: z.optional(number),
      detectedBy: z._default(detectedBy, 'event'),
    } satisfies { readonly [K in keyof ShapeOf<WorkloadSnapshot>]: z.ZodMiniType }),
  ),
  z.transform(
    (read): WorkloadSnapshot => Object.assign(read, { receivedAtMs: read.receivedAtMs ?? read.occurredAtMs }),
  ),
);

const poller = z.object({
  profile: text,
  intervalSeconds: number,
  isHeld: z.optional(flag),
  enrolledAtMs: number,
} satisfies ShapeOf<Poller>);

const pendingKey = z.object({
  host: text,
  priority: number,
  queryId: text,
  set: z._default(querySet, 'live'), // earlier versions stored only live queries, and no set
  answerByMs: z.optional(number),
} satisfies ShapeOf<PendingKey>);

/** A set of texts that are JSON. */
const setOf = <T>(member: z.ZodMiniType<T>) =>
  z._default(z.pipe(membersOrNone, z.array(z.pipe(json, member))), () => []);

const queryCount = z.object({ set: querySet, atMs: number, queries: number } satisfies ShapeOf<QueryCount>);

const firstQuery = renamed(
  { toldBy: 'detectedBy' },
  z.object({
    eventAtMs: number,
    receivedAtMs: number,
    queuedAtMs: number,
    detectedBy,
    poller: z.optional(poller),
  } satisfies ShapeOf<FirstQuery>),
);

const presentHandling = z.object({
  host: z.optional(text),
  instanceFacts: z.optional(texts),
  enrolled: flag,
  queryKeys: z.array(pendingKey),
  settleByMs: number,
  addressesSince: z.optional(instants),
  firstQuery: z.optional(firstQuery),
  queryCounts: z.optional(z.array(queryCount)),
} satisfies ShapeOf<Handling>);

const handling = renamed(
  {
    machine: 'instanceFacts',
    asked: 'queryKeys',
    stays: 'addressesSince',
    firstAsked: 'firstQuery',
    askings: 'queryCounts',
  },
  presentHandling,
);

const trouble = z.enum(TROUBLES);
type OtherReason = Exclude<MissReason, Trouble>;
const otherReason = z.enum({
  'no-host': 'no-host',
  'no-id': 'no-id',
  'not-enrolled': 'not-enrolled',
  'no-agent': 'no-agent',
  'not-asked': 'not-asked',
  'lost-track': 'lost-track',
} as const satisfies { readonly [Reason in OtherReason]: Reason });
type VerdictName = Verdict['verdict'];
const verdict = z.enum({
  pending: 'pending',
  seen: 'seen',
  'post-mortem': 'post-mortem',
  'never-started': 'never-started',
  ignored: 'ignored',
  missed: 'missed',
} as const satisfies { readonly [Name in VerdictName]: Name });

const recordedVerdict = z.object({
  verdict,
  reason: z.optional(z.union([trouble, otherReason])),
} satisfies ShapeOf<RecordedVerdict>);

const facts = z.object({
  command: z.optional(text),
  startedAtMs: z.optional(number),
  finishedAtMs: z.optional(number),
  exitCode: z.optional(number),
} satisfies ShapeOf<ContainerFacts>);

const answerFrom = z.object({ deliveredAtMs: number, poller } satisfies ShapeOf<AnswerFrom>);

/**
 * A row of the ledger without its `facts#` attributes. Attributes that a workload or an older row may lack are optional. A row
 * written by an earlier version and this one may have an attribute under both its former and its present name.
 */
const WorkloadRow = z.object({
  snapshot: unpacked(snapshot),
  handledVersion: number,
  handling: z.optional(unpacked(handling)),
  learned: z.optional(texts),
  foundHost: z.optional(text),
  lateQueries: setOf(pendingKey),
  alsoAsked: setOf(pendingKey), // formerly lateQueries
  closedQueries: membersOrNone,
  lastGasps: setOf(queryCount),
  seenLive: membersOrNone,
  seenPostMortem: membersOrNone,
  troubles: z._default(z.pipe(membersOrNone, z.array(trouble)), () => []),
  firstEventAtMs: number,
  firstReceivedAtMs: z.optional(number),
  firstDetectedBy: z._default(detectedBy, 'event'),
  firstToldBy: z.optional(detectedBy), // formerly firstDetectedBy
  lastSignAtMs: z.optional(number),
  addressesSince: z.optional(instants),
  stays: z.optional(instants), // formerly addressesSince
  recordedVerdict: z.optional(recordedVerdict),
  told: z.optional(recordedVerdict), // formerly recordedVerdict
  deliveredAtMs: z.optional(number),
  firstAnswerAtMs: z.optional(number),
  firstStoredAtMs: z.optional(number),
  firstAnswerFrom: z.optional(answerFrom),
});

const none = <T>(schema: z.ZodMiniType<T[]>) => z._default(schema, () => []);

/** A complete record as JSON. Lists and maps that are empty may be missing. */
export const recordAsJson = z.object({
  ...described,
  subjects: none(list),
  containers: none(z.array(container)),
  receivedAtMs: number,
  detectedBy,
  handledVersion: number,
  handling: z.optional(presentHandling),
  seenLive: none(list),
  seenPostMortem: none(list),
  troubles: none(z.array(trouble)),
  firstEventAtMs: number,
  firstReceivedAtMs: number,
  lastSignAtMs: number,
  addressesSince: z._default(instants, () => ({})),
  lateQueries: none(z.array(pendingKey)),
  closed: none(list),
  lastGasps: none(z.array(queryCount)),
  firstDetectedBy: detectedBy,
  deliveredAtMs: z.optional(number),
  firstAnswerAtMs: z.optional(number),
  firstStoredAtMs: z.optional(number),
  firstAnswerFrom: z.optional(answerFrom),
  facts: z._default(z.record(text, facts), () => ({})),
  recordedVerdict: z.optional(recordedVerdict),
} satisfies ShapeOf<WorkloadRecord>);

/** A parsed row of the ledger: the latest snapshot as its event described it, and the complete record. */
export interface ReadWorkload {
  readonly snapshot: WorkloadSnapshot;
  readonly record: WorkloadRecord;
}

/**
 * A question about many workloads reads thousands of rows. Each property is written out, because copying objects with
 * spread and rest takes as long as parsing the row.
 *
 * @throws {MayflyError} `ROW_UNREADABLE`
 */
export function workloadOfRow(row: TableRow): ReadWorkload {
  const read = readRow(WorkloadRow, row);
  const { snapshot, handling, learned, foundHost } = read;
  const firstReceivedAtMs = read.firstReceivedAtMs ?? read.firstEventAtMs;
  const addressesSince = read.addressesSince ?? read.stays ?? {};
  const record: WorkloadRecord = {
    workload: snapshot.workload,
    kind: snapshot.kind,
    version: snapshot.version,
    versionStep: snapshot.versionStep,
    lastStatus: snapshot.lastStatus,
    desiredStatus: snapshot.desiredStatus,
    stopped: snapshot.stopped,
    subjects: snapshot.subjects,
    containers: snapshot.containers,
    times: snapshot.times,
    occurredAtMs: snapshot.occurredAtMs,
    receivedAtMs: snapshot.receivedAtMs,
    detectedBy: snapshot.detectedBy,
    identity: learned ? { ...learned, ...snapshot.identity } : snapshot.identity,
    handledVersion: read.handledVersion,
    handling: handling && foundHost !== undefined ? { ...handling, host: handling.host ?? foundHost } : handling,
    seenLive: read.seenLive,
    seenPostMortem: read.seenPostMortem,
    troubles: read.troubles,
    closed: read.closedQueries,
    lateQueries: read.alsoAsked.length > 0 ? [...read.alsoAsked, ...read.lateQueries] : read.lateQueries,
    lastGasps: read.lastGasps,
    firstEventAtMs: read.firstEventAtMs,
    firstReceivedAtMs,
    firstDetectedBy: read.firstToldBy ?? read.firstDetectedBy,
    lastSignAtMs: read.lastSignAtMs ?? Math.max(snapshot.receivedAtMs, firstReceivedAtMs),
    addressesSince: handling?.addressesSince ? { ...addressesSince, ...handling.addressesSince } : addressesSince,
    recordedVerdict: read.recordedVerdict ?? read.told,
    deliveredAtMs: read.deliveredAtMs,
    firstAnswerAtMs: read.firstAnswerAtMs,
    firstStoredAtMs: read.firstStoredAtMs,
    firstAnswerFrom: read.firstAnswerFrom,
    facts: factsOf(row),
  };
  return { snapshot, record };
}

/** The attributes of a row that make an `AnswerContext`. */
export const ANSWER_CONTEXT_ATTRIBUTES = {
  expression: 'pk, sk, #snapshot, handling, deliveredAtMs, firstAnswerAtMs',
  names: { '#snapshot': 'snapshot' },
};

const AnswerContextRow = z.object({
  snapshot: unpacked(z.object({ kind: workloadKind })),
  handling: z.optional(
    unpacked(renamed({ firstAsked: 'firstQuery' }, z.object({ firstQuery: z.optional(firstQuery) }))),
  ),
  deliveredAtMs: z.optional(number),
  firstAnswerAtMs: z.optional(number),
});

/** @throws {MayflyError} `ROW_UNREADABLE` */
export function answerContextOfRow(row: TableRow): AnswerContext {
  const { snapshot, handling, deliveredAtMs, firstAnswerAtMs } = readRow(AnswerContextRow, row);
  return { kind: snapshot.kind, firstQuery: handling?.firstQuery, deliveredAtMs, firstAnswerAtMs };
}

const FactsRow = z.object({ facts: z.record(text, facts) });

function factsOf(row: TableRow): Record<string, ContainerFacts> {
  const named: Record<string, unknown> = {};
  let hasFacts = false;
  for (const name in row) {
    if (!name.startsWith(FACTS)) continue;
    named[name.slice(FACTS.length)] = row[name];
    hasFacts = true;
  }
  return hasFacts ? readRow(FactsRow, { pk: row.pk, sk: row.sk, facts: named }).facts : {};
}

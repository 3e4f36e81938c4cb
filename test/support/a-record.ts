import type { Ledger } from '../../lib/core/ledger/ledger.ts';
import type {
  AnswerContext,
  Poller,
  Sighting,
  WorkloadRecord,
  WorkloadSnapshot,
} from '../../lib/core/ledger/workload.ts';
import { dockerId, taskArn } from './builders.ts';
import { MINUTE, T0 } from './times.ts';

/** Version 1 of task n, whose only container, `dockerId(n)`, is running. */
export const aSnapshot = (n: number, snapshot: Partial<WorkloadSnapshot> = {}): WorkloadSnapshot => ({
  workload: taskArn(n),
  kind: 'ecs-task',
  version: 1,
  versionStep: 1,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  stopped: false,
  subjects: [dockerId(n)],
  containers: [],
  identity: {},
  occurredAtMs: T0,
  receivedAtMs: T0,
  detectedBy: 'event',
  ...snapshot,
});

/** An agent with the shipped default profile, enrolled a day before T0. */
export const aPoller = (poller: Partial<Poller> = {}): Poller => ({
  profile: 'default',
  intervalSeconds: 10,
  enrolledAtMs: T0 - 24 * 60 * MINUTE,
  ...poller,
});

/** A sighting from one answer, delivered and stored the moment it arrived. */
export const aSighting = (
  live: readonly string[],
  postMortem: readonly string[],
  atMs: number,
  sighting: Partial<Sighting> = {},
): Sighting => ({
  live,
  postMortem,
  facts: {},
  from: { deliveredAtMs: atMs, poller: aPoller() },
  answeredAtMs: atMs,
  storedAtMs: atMs,
  ...sighting,
});

/** Records one sighting; it closes these queries. @returns what the ledger knew of the workload before */
export async function recordSighting(
  ledger: Pick<Ledger, 'recordOutcomes'>,
  workload: string,
  sighting: Sighting,
  closes: readonly string[] = ['q1'],
): Promise<AnswerContext | undefined> {
  const before = await ledger.recordOutcomes(new Map([[workload, { closes, troubles: [], sighting }]]));
  return before.get(workload);
}

/** A running task with two containers and unanswered queries. */
export const aRecord = (record: Partial<WorkloadRecord> = {}): WorkloadRecord => ({
  ...aSnapshot(0, { workload: 'task', version: 5, subjects: ['a', 'b'] }),
  handledVersion: 5,
  handling: { host: 'h1', enrolled: true, queryKeys: [], settleByMs: T0 + MINUTE },
  seenLive: [],
  seenPostMortem: [],
  troubles: [],
  firstEventAtMs: T0,
  firstReceivedAtMs: T0,
  firstDetectedBy: 'event',
  lastSignAtMs: T0,
  addressesSince: {},
  lateQueries: [],
  closed: [],
  lastGasps: [],
  facts: {},
  ...record,
});

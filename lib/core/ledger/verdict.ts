import { isIgnored } from './ignored.ts';
import { isEssential, type MissReason, TROUBLES, type Trouble, type Verdict, type WorkloadRecord } from './workload.ts';

/** Statuses of a task or an instance before it runs: a task has no container yet that a query could name. */
export const BEFORE_RUNNING = new Set(['PROVISIONING', 'PENDING', 'ACTIVATING', 'pending']);

/** An event that is not handled within this time is never handled: five attempts, a minute each, and the waits between. */
const HANDLED_WITHIN_MS = 20 * 60_000;
/** The reconciler records twice a day that a workload is alive; after a day without a sign the workload is gone. */
export const LOST_AFTER_MS = 24 * 3_600_000;

/** Whether a workload gave no sign for so long that it must have ended without an event. */
export const isLost = ({ stopped, lastSignAtMs }: WorkloadRecord, nowMs: number): boolean =>
  !stopped && nowMs >= lastSignAtMs + LOST_AFTER_MS;

/**
 * Decides the verdict on one workload from its recorded facts and the time alone, so the result is the same at any time
 * and for every caller. Unless more queries are queued, it only improves: pending → missed → post-mortem → seen.
 *
 * @param nowMs epoch milliseconds
 * @example
 * verdictOf({ ...task, subjects: ['c1'], seenLive: ['c1'] }, nowMs); // { verdict: 'seen' }
 * verdictOf({ ...task, stopped: true, subjects: [] }, nowMs); // { verdict: 'never-started' }
 * verdictOf({ ...answerOverdue, troubles: ['no-row'] }, nowMs); // { verdict: 'missed', reason: 'no-row' }
 */
export function verdictOf(record: WorkloadRecord, nowMs: number): Verdict {
  const verdict =
    startVerdict(record, nowMs) ??
    sightingVerdict(record) ??
    containerVerdict(record) ??
    handlingVerdict(record, nowMs) ??
    answerVerdict(record, nowMs);
  return verdict.verdict === 'missed' && isIgnored(record.identity) ? { verdict: 'ignored' } : verdict;
}

/** Pending while an essential container has yet to start: the others alone do not decide. */
const startVerdict = (record: WorkloadRecord, nowMs: number): Verdict | undefined =>
  hasContainerToStart(record) && !isLost(record, nowMs) ? { verdict: 'pending' } : undefined;

/** Seen or post-mortem, if rows named every essential container. */
function sightingVerdict(record: WorkloadRecord): Verdict | undefined {
  if (hasUnsafeId(record) || record.subjects.length === 0) return undefined;
  const essential = essentialIds(record);
  const isSeen = (id: string): boolean => record.seenLive.includes(id);
  if (essential.every(isSeen)) return { verdict: 'seen' };
  if (essential.every((id) => isSeen(id) || record.seenPostMortem.includes(id))) return { verdict: 'post-mortem' };
  return undefined;
}

/** The verdict if no query could ever name its essential containers. */
function containerVerdict(record: WorkloadRecord): Verdict | undefined {
  if (hasUnsafeId(record)) return missed('unsafe-id');
  if (!record.stopped || record.subjects.length > 0) return undefined;
  const ran =
    record.times?.startedAtMs !== undefined || record.containers.some(({ exitCode }) => exitCode !== undefined);
  return ran ? missed('no-id') : { verdict: 'never-started' };
}

/** Pending while the latest version awaits its handling, or the workload its start; afterwards lost track. */
function handlingVerdict(record: WorkloadRecord, nowMs: number): Verdict | undefined {
  if (record.handledVersion < record.version) return pendingIf(nowMs < record.receivedAtMs + HANDLED_WITHIN_MS);
  if (BEFORE_RUNNING.has(record.lastStatus)) return pendingIf(!isLost(record, nowMs));
  return undefined;
}

/** Pending while an answer is awaited; afterwards missed, with the reason why no answer proved anything. */
function answerVerdict(record: WorkloadRecord, nowMs: number): Verdict {
  const { handling, deliveredAtMs } = record;
  if (nowMs < awaitedUntilMs(record) && !isHostGone(record)) return { verdict: 'pending' };
  if (!handling?.host && deliveredAtMs === undefined) return missed('no-host');
  const settleByMs = handling?.settleByMs ?? 0;
  return settleByMs === 0 ? unaskedVerdict(record, nowMs) : missed(unansweredReason(record));
}

/** While a task runs, its next event may queue queries, at the latest its end; after that no rule matched it. */
const unaskedVerdict = (record: WorkloadRecord, nowMs: number): Verdict =>
  record.stopped || record.kind === 'ec2-instance' || isHostGone(record)
    ? missed(mainTrouble(record) ?? 'not-asked')
    : pendingIf(!isLost(record, nowMs));

/** Troubles that explain nothing if no agent was there to answer: the query had no reader in the first place. */
const NEEDS_AGENT: ReadonlySet<Trouble | undefined> = new Set([undefined, 'host-gone', 'expired']);

function unansweredReason(record: WorkloadRecord): MissReason {
  const trouble = mainTrouble(record);
  const hadAgent = record.handling?.enrolled || record.deliveredAtMs !== undefined;
  if (!hadAgent && NEEDS_AGENT.has(trouble)) return record.kind === 'ec2-instance' ? 'no-agent' : 'not-enrolled';
  return trouble ?? 'agent-silent';
}

/**
 * The time until which an answer that could prove something is awaited, epoch ms; 0 if none can arrive any more. Closed
 * queries are not awaited, so the verdict does not wait for their expiry.
 */
export function awaitedUntilMs({ handling, lateQueries, closed }: WorkloadRecord): number {
  const { queryKeys = [], settleByMs = 0 } = handling ?? {};
  const provable = [...queryKeys, ...lateQueries].filter(({ answerByMs }) => answerByMs !== undefined);
  if (provable.length === 0) return settleByMs;
  const open = provable.filter(({ queryId }) => !closed.includes(queryId));
  return Math.min(settleByMs, Math.max(0, ...open.map(({ answerByMs = 0 }) => answerByMs)));
}

const hasContainerToStart = ({ stopped, containers }: WorkloadRecord): boolean =>
  !stopped &&
  containers.some(
    (container) =>
      isEssential(container) &&
      container.runtimeId === undefined &&
      !container.unsafeId &&
      container.lastStatus !== 'STOPPED',
  );

const hasUnsafeId = ({ containers }: WorkloadRecord): boolean =>
  containers.some((container) => isEssential(container) && container.unsafeId);

/** Ids of essential containers, which must be seen; all ids if no container is known to be essential. */
function essentialIds({ subjects, containers }: WorkloadRecord): readonly string[] {
  const optional = containers.filter((one) => !isEssential(one) && one.runtimeId);
  if (optional.length === 0) return subjects;
  const essential = subjects.filter((id) => !optional.some(({ runtimeId }) => runtimeId === id));
  return essential.length > 0 ? essential : subjects;
}

/** Its host was terminated, so no agent is left to answer. */
const isHostGone = ({ troubles }: WorkloadRecord): boolean => troubles.includes('host-gone');

const mainTrouble = ({ troubles }: WorkloadRecord): Trouble | undefined =>
  TROUBLES.find((trouble) => troubles.includes(trouble));

const missed = (reason: MissReason): Verdict => ({ verdict: 'missed', reason });

const pendingIf = (open: boolean): Verdict => (open ? { verdict: 'pending' } : missed('lost-track'));

import { grouped } from '../../lib/core/grouped.ts';
import { verdictOf } from '../../lib/core/ledger/verdict.ts';
import { isEnrolled } from '../../lib/core/nodes/node.ts';
import type { MemoryStores } from '../../lib/memory/composition.ts';
import type { SimulatedHost, TaskHandle } from '../world/index.ts';
import type { Member } from './agents.ts';
import { MINUTE_MS, SECOND_MS } from './times.ts';

/** After the storm, agents and queues deliver everything within this time. */
const DRAINED_WITHIN_MS = 90 * SECOND_MS;
/** An agent counts as polling if its node record is newer than this; a record can be five minutes old. */
const SILENT_MS = 6 * MINUTE_MS;
/** Maximum number of enrollments of an agent after the storm. */
const MAX_ENROLLMENTS = 3;

/** The state of a world at its end. */
export interface FinalState {
  readonly nowMs: number;
  /** When the storm ended. */
  readonly calmFromMs: number;
  readonly stores: MemoryStores;
  readonly hosts: readonly SimulatedHost[];
  readonly members: readonly Member[];
  /** Tasks started in the storm. */
  readonly tasks: readonly TaskHandle[];
  /** Tasks started in the calm. */
  readonly probes: readonly TaskHandle[];
  readonly violate: (what: string) => void;
}

/** Checks the promises that hold at the end of a world and reports each broken one. */
export async function checkFinalState(state: FinalState): Promise<void> {
  checkLedgerIsComplete(state);
  checkProbesAreSeen(state);
  for (const member of state.members) checkAgent(member, state);
  checkKeys(state);
  await checkQueues(state);
}

/** Every task is in the ledger exactly once. */
function checkLedgerIsComplete({ stores: { ledger }, tasks, probes, violate }: FinalState): void {
  const all = [...tasks, ...probes];
  for (const { arn } of all) if (!ledger.record(arn)) violate(`the ledger has no record of ${arn}`);
  const recorded = ledger.records.filter(({ kind }) => kind === 'ecs-task').length;
  if (recorded !== all.length) violate(`${all.length} tasks, but ${recorded} in the ledger`);
}

/** Nothing failed while the probes ran, so each of them must be seen. */
function checkProbesAreSeen({ stores: { ledger }, probes, nowMs, violate }: FinalState): void {
  for (const { arn, host } of probes) {
    const record = ledger.record(arn);
    const verdict = record && verdictOf(record, nowMs);
    if (verdict?.verdict !== 'seen')
      violate(`${arn} ran in the calm on ${host.instanceId}, but its verdict is ${JSON.stringify(verdict)}`);
  }
}

function checkAgent({ name, agent, host, enrollments, kept, retired }: Member, { nowMs, violate }: FinalState): void {
  if (retired || host.down) return;
  const { logs, pendingQueries } = agent.database;
  const beforeSeconds = (nowMs - DRAINED_WITHIN_MS) / SECOND_MS;
  const old = [...logs.keys()].filter((key) => Number(key.split('_')[1]) < beforeSeconds);
  if (old.length > 0) violate(`${name} still has ${old.length} log lines older than 90 s`);
  if (pendingQueries.size > 0) violate(`${name} still has ${pendingQueries.size} queries that it has not run`);
  if (kept.length > 0) violate(`${name} still has answers that the server did not accept: ${kept.join(', ')}`);
  if (enrollments > MAX_ENROLLMENTS) violate(`${name} enrolled ${enrollments} times in the calm`);
}

/** Every agent has a key of its own, and with it a queue of its own. */
function checkKeys({ members, violate }: FinalState): void {
  const active = members.filter(({ host, retired }) => !retired && !host.down);
  for (const [key, holders] of grouped(active, ({ agent }) => agent.database.nodeKey)) {
    if (key === undefined || holders.length === 1) continue;
    violate(`${holders.map(({ name }) => name).join(' and ')} share a node key`);
  }
}

/**
 * Checks that on hosts with polling agents no query from after the storm is pending, and that not every delivery is
 * stuck.
 */
async function checkQueues({ stores, hosts, nowMs, calmFromMs, violate }: FinalState): Promise<void> {
  const before = nowMs - DRAINED_WITHIN_MS;
  const down = new Set(hosts.flatMap((host) => (host.down ? [host.instanceId, host.hostname] : [])));
  for (const name of stores.hosts.names) {
    if (down.has(name)) continue;
    const { node, deliveries, pending } = await stores.hosts.read(name);
    if (!isEnrolled(node, nowMs) || node.lastSeenMs <= nowMs - SILENT_MS) continue;
    const waiting = pending.filter(
      ({ queuedAtMs, expiresAtMs }) => queuedAtMs > calmFromMs && queuedAtMs < before && expiresAtMs > nowMs,
    );
    if (waiting.length > 0) violate(`${waiting.length} queries from the calm are still pending for ${name}`);
    // Unanswered queries are redelivered one part at a time, so some leases may have ended, but not all of them.
    const isStuck = deliveries.length > 0 && deliveries.every(({ leaseUntilMs }) => leaseUntilMs < before);
    if (isStuck) violate(`${deliveries.length} deliveries of ${name} are neither offered again nor dropped`);
  }
}

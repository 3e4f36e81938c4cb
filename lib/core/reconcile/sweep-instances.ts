import { recordFleetIssue } from '../fleet/fleet-issue.ts';
import { type EnrolledAs, isExpected, judgeFleet } from '../fleet/judge-fleet.ts';
import { learnIdentity } from '../fleet/learn-identity.ts';
import { type Instance, identityOf } from '../inventory/instance.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { areSameTags, tagsIn } from '../nodes/tags.ts';
import { each } from '../together.ts';
import { SAME_LAUNCH_MS } from '../triggers/handle-launch.ts';
import { parseEvent } from '../triggers/parse.ts';
import { OutOfBudget } from './spend.ts';
import { isOverdue, isUnhandled, wantsSign } from './standing.ts';
import type { Found, SweepRun } from './sweep-run.ts';
import { instanceEvent, occurredAtMs } from './synthetic.ts';

/** EC2 sends the event about a start when the instance is running, tens of seconds after its launch. */
const FRESH_MS = 60_000;
/** EC2's answers lag by seconds, so a sweep may have missed an instance launched shortly before it. */
const SEEN_LATE_MS = 60_000;
/** How often an open fleet issue is confirmed; each confirmation is a write. */
const CONFIRM_EVERY_MS = 4 * 60_000;

const ENDS: ReadonlySet<string> = new Set(['shutting-down', 'terminated']);

/**
 * Sweeps all instances that start, run or end: handles changes without an event, learns their identity, and records fleet
 * issues.
 *
 * @returns whether the sweep of instances is complete
 */
export async function sweepInstances(run: SweepRun): Promise<boolean> {
  try {
    return await run.attempt('instances', async () => {
      const all: Instance[] = [];
      const { expected, instances } = run.deps;
      await expected?.refresh();
      for await (const listed of instances.instances()) {
        run.goOn();
        const page = expected ? listed.map((one) => ({ ...one, agentExpected: expected.has(one) })) : listed;
        run.tally.instances += page.length;
        await sweepPage(run, page);
        all.push(...page);
      }
      await checkFleet(run, all);
    });
  } catch (error) {
    if (error instanceof OutOfBudget) return false;
    throw error;
  }
}

async function sweepPage(run: SweepRun, page: readonly Instance[]): Promise<void> {
  const { ledger, settled } = run.deps;
  const unsettled = page.filter((instance) => !settled.has(keyOf(instance), run.deps.now()));
  const records = await ledger.read(unsettled.map(({ instanceId }) => instanceId));
  const known = new Map(records.map((record) => [record.workload, record]));
  await each(unsettled, async (instance) => {
    const record = known.get(instance.instanceId);
    await run.attempt(instance.instanceId, () => sweepInstance(run, instance, record));
  });
}

/** A new state, start, address, tag or expectation makes another key, so that the instance is read again. */
const keyOf = (instance: Instance): string => {
  const { instanceId, state, launchedAtMs, addresses, agentExpected } = instance;
  return JSON.stringify([instanceId, state, launchedAtMs, addresses, agentExpected, tagsIn(identityOf(instance))]);
};

async function sweepInstance(run: SweepRun, instance: Instance, record: WorkloadRecord | undefined): Promise<void> {
  const { ledger, settled, now } = run.deps;
  const states = missedStates(instance, record, run.before.instancesSinceMs ?? run.before.beganMs, now());
  for (const state of states) await run.handle([foundAs(state, run, instance, record)]);
  if (!record && states.length === 0) return;
  const unidentified = lacksIdentity(record, instance);
  if (unidentified) await learnIdentity(instance, { ledger, now });
  if (!record || states.length > 0 || unidentified || isUnhandled(record)) return;
  if (wantsSign(record, now())) await ledger.recordAlive(record, now());
  settled.add(keyOf(instance), now());
}

/** The states of an instance for which no event arrived, in order. */
function missedStates(
  { state, launchedAtMs }: Instance,
  record: WorkloadRecord | undefined,
  sinceMs: number | undefined,
  nowMs: number,
): readonly string[] {
  if (ENDS.has(state)) {
    if (record) return record.stopped && !isOverdue(record, nowMs) ? [] : [state];
    // The instance started and ended between two sweeps. One that ended before the first sweep is left out, because Mayfly was
    // not installed then.
    const lived = sinceMs !== undefined && launchedAtMs >= sinceMs - SEEN_LATE_MS;
    return lived ? ['running', state] : [];
  }
  if (record?.stopped) return []; // EC2's answer is older than the event about its end
  if (!record || isOverdue(record, nowMs)) return ['running'];
  return launchedAtMs - record.version >= SAME_LAUNCH_MS ? ['running'] : []; // a start after a stop
}

function foundAs(
  state: string,
  run: SweepRun,
  { instanceId, launchedAtMs }: Instance,
  record: WorkloadRecord | undefined,
): Found {
  const nowMs = run.deps.now();
  const starts = state === 'running';
  // The version is the time of the event. Repeating an unfinished start needs the same version as before. For an end the time
  // is unknown, because EC2 does not report it.
  const again = starts && record && record.version > 0 && isOverdue(record, nowMs);
  const { instancesSinceMs: completeMs, beganMs } = run.before;
  const atMs = again ? record.version : occurredAtMs(starts ? launchedAtMs : undefined, { completeMs, beganMs }, nowMs);
  return {
    event: parseEvent(instanceEvent(instanceId, state, atMs, run.scope), 'sweep'),
    workload: instanceId,
    known: record !== undefined || !starts,
    fresh: starts && nowMs - launchedAtMs < FRESH_MS,
  };
}

/** Whether the record lacks what EC2 knows: addresses may follow a start, tags may change; a terminated instance has none. */
const lacksIdentity = (record: WorkloadRecord | undefined, instance: Instance): boolean => {
  const identity = identityOf(instance);
  const { launched_at, agent_expected, ip } = identity;
  if (record?.identity.launched_at !== launched_at || record?.identity.agent_expected !== agent_expected) return true;
  return ip !== undefined && (record?.identity.ip !== ip || !areSameTags(tagsIn(record.identity), tagsIn(identity)));
};

/** Copies changed tags of instances to their nodes, because profiles and selectors match on them. */
async function copyTags(
  run: SweepRun,
  running: readonly Instance[],
  enrolled: ReadonlyMap<string, EnrolledAs>,
): Promise<void> {
  const changed = running.flatMap((instance) => {
    const node = enrolled.get(instance.instanceId);
    const tags = tagsIn(identityOf(instance));
    return node && !areSameTags(node.tags, tags) ? [{ host: node.host, tags }] : [];
  });
  await each(changed, async ({ host, tags }) => {
    await run.attempt(host, async () => {
      await run.deps.registry.setTags(host, tags);
      await run.deps.directory.setTags(host, tags); // last, because the next sweep compares with it
    });
  });
}

async function checkFleet(run: SweepRun, instances: readonly Instance[]): Promise<void> {
  const { fleetIssues, ledger, nodes, noAgentAfterMs, now, report } = run.deps;
  const expected = instances.filter((instance) => isExpected(instance, now(), noAgentAfterMs));
  const running = instances.filter(({ state }) => state === 'running');
  const enrolled = await nodes.of(
    running.map(({ instanceId }) => instanceId),
    () => run.goOn(),
  );
  await copyTags(run, running, enrolled);
  const { count, fleetIssues: found } = judgeFleet(expected, enrolled, now());
  report('fleet_counted', { ...count, withoutAgent: count.running - count.enrolled });
  run.tally.fleetIssues = found.length;

  const confirmed = new Map(
    (await fleetIssues.open(now())).map(({ kind, host, lastAtMs }) => [`${kind} ${host}`, lastAtMs]),
  );
  const due = found.filter(({ kind, host }) => (confirmed.get(`${kind} ${host}`) ?? 0) <= now() - CONFIRM_EVERY_MS);
  const without = due.flatMap(({ kind, host }) => (kind === 'no-agent' ? [host] : []));
  const ended = new Set((await ledger.read(without)).flatMap(({ stopped, workload }) => (stopped ? [workload] : [])));
  await each(
    due.filter(({ host }) => !ended.has(host)),
    async (issue) => {
      await run.attempt(issue.host, () => recordFleetIssue(issue, run.deps));
    },
  );
}

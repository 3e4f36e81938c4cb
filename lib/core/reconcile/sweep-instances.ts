import { recordFleetIssue } from '../fleet/fleet-issue.ts';
import { type EnrolledAs, isExpected, judgeFleet } from '../fleet/judge-fleet.ts';
import { learnIdentity } from '../fleet/learn-identity.ts';
import { type Instance, identityOf } from '../inventory/instance.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { areSameTags, tagsIn } from '../nodes/tags.ts';
import { each } from '../together.ts';
import { SAME_LAUNCH_MS } from '../triggers/handle-launch.ts';
import { parseEvent } from '../triggers/parse.ts';
import type { Found, Run } from './run.ts';
import { OutOfBudget } from './spend.ts';
import { isOverdue, isUnhandled, wantsSign } from './standing.ts';
import { instanceEvent, occurredAtMs } from './synthetic.ts';

/** An instance's start is told when it runs, some tens of seconds after its launch. */
const FRESH_MS = 60_000;
/** EC2's answers are behind by seconds: a sweep may have missed what was launched shortly before it. */
const SEEN_LATE_MS = 60_000;
/** How often a finding that stands is confirmed: each time is a write. */
const CONFIRM_EVERY_MS = 4 * 60_000;

const ENDS: ReadonlySet<string> = new Set(['shutting-down', 'terminated']);

/**
 * Looks at all instances that start, run or end: handles what no event has told, learns their identity, and says what is
 * wrong with the fleet.
 *
 * @returns whether everything was looked at
 */
export async function sweepInstances(run: Run): Promise<boolean> {
  try {
    return await run.attempt('instances', async () => {
      const all: Instance[] = [];
      for await (const page of run.deps.instances.instances()) {
        run.goOn();
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

async function sweepPage(run: Run, page: readonly Instance[]): Promise<void> {
  const { ledger, settled } = run.deps;
  const unsettled = page.filter((instance) => !settled.has(keyOf(instance), run.deps.now()));
  const records = await ledger.read(unsettled.map(({ instanceId }) => instanceId));
  const known = new Map(records.map((record) => [record.workload, record]));
  await each(unsettled, async (instance) => {
    const record = known.get(instance.instanceId);
    await run.attempt(instance.instanceId, () => sweepInstance(run, instance, record));
  });
}

/** Another state, start or address is another look, and so are other tags. */
const keyOf = (instance: Instance): string => {
  const { instanceId, state, launchedAtMs, addresses } = instance;
  return JSON.stringify([instanceId, state, launchedAtMs, addresses, tagsIn(identityOf(instance))]);
};

async function sweepInstance(run: Run, instance: Instance, record: WorkloadRecord | undefined): Promise<void> {
  const { ledger, settled, now } = run.deps;
  const states = untold(instance, record, run.before.instancesSinceMs ?? run.before.beganMs, now());
  for (const state of states) await run.handle([foundAs(state, run, instance, record)]);
  if (!record && states.length === 0) return;
  const unidentified = lacksIdentity(record, instance);
  if (unidentified) await learnIdentity(instance, { ledger, now });
  if (!record || states.length > 0 || unidentified || isUnhandled(record)) return;
  if (wantsSign(record, now())) await ledger.recordAlive(record, now());
  settled.add(keyOf(instance), now());
}

/** The states of an instance that no event has told, in their order. */
function untold(
  { state, launchedAtMs }: Instance,
  record: WorkloadRecord | undefined,
  sinceMs: number | undefined,
  nowMs: number,
): readonly string[] {
  if (ENDS.has(state)) {
    if (record) return record.stopped && !isOverdue(record, nowMs) ? [] : [state];
    // It came and went between two sweeps. What had ended before the first of them is not Mayfly's to account for.
    const lived = sinceMs !== undefined && launchedAtMs >= sinceMs - SEEN_LATE_MS;
    return lived ? ['running', state] : [];
  }
  if (record?.stopped) return []; // EC2's answer is older than the news of its end
  if (!record || isOverdue(record, nowMs)) return ['running'];
  return launchedAtMs - record.version >= SAME_LAUNCH_MS ? ['running'] : []; // a start after a stop
}

function foundAs(
  state: string,
  run: Run,
  { instanceId, launchedAtMs }: Instance,
  record: WorkloadRecord | undefined,
): Found {
  const nowMs = run.deps.now();
  const starts = state === 'running';
  // The very event that was never finished has to be the same one; EC2 does not tell when an instance ended.
  const again = starts && record && record.version > 0 && isOverdue(record, nowMs);
  const { instancesSinceMs: completeMs, beganMs } = run.before;
  const atMs = again ? record.version : occurredAtMs(starts ? launchedAtMs : undefined, { completeMs, beganMs }, nowMs);
  return {
    event: parseEvent(instanceEvent(instanceId, state, atMs, run.place), 'sweep'),
    workload: instanceId,
    known: record !== undefined || !starts,
    fresh: starts && nowMs - launchedAtMs < FRESH_MS,
  };
}

/** Addresses may come after the start, and change with it, tags at any time; a terminated instance may have none any more. */
const lacksIdentity = (record: WorkloadRecord | undefined, instance: Instance): boolean => {
  const identity = identityOf(instance);
  const { launched_at, ip } = identity;
  if (record?.identity.launched_at !== launched_at) return true;
  return ip !== undefined && (record?.identity.ip !== ip || !areSameTags(tagsIn(record.identity), tagsIn(identity)));
};

/** Profiles and selectors match on tags: those of a node follow its instance's, within a sweep. */
async function noteTags(
  run: Run,
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
      await run.deps.directory.setTags(host, tags); // last: this is what the next sweep compares
    });
  });
}

async function checkFleet(run: Run, instances: readonly Instance[]): Promise<void> {
  const { fleetIssues, ledger, nodes, noAgentAfterMs, now, report } = run.deps;
  const expected = instances.filter((instance) => isExpected(instance, now(), noAgentAfterMs));
  const running = instances.filter(({ state }) => state === 'running');
  const enrolled = await nodes.of(
    running.map(({ instanceId }) => instanceId),
    () => run.goOn(),
  );
  await noteTags(run, running, enrolled);
  const { count, fleetIssues: found } = judgeFleet(expected, enrolled, now());
  report('fleet_counted', { running: count.running, enrolled: count.enrolled, silent: count.silent });
  run.tally.fleetIssues = found.length;

  const confirmed = new Map(
    (await fleetIssues.open(now())).map(({ kind, host, lastAtMs }) => [`${kind} ${host}`, lastAtMs]),
  );
  const due = found.filter(({ kind, host }) => (confirmed.get(`${kind} ${host}`) ?? 0) <= now() - CONFIRM_EVERY_MS);
  const without = due.flatMap(({ kind, host }) => (kind === 'no-agent' ? [host] : []));
  const ended = new Set((await ledger.read(without)).flatMap(({ stopped, workload }) => (stopped ? [workload] : [])));
  await each(
    due.filter(({ host }) => !ended.has(host)),
    async (finding) => {
      await run.attempt(finding.host, () => recordFleetIssue(finding, run.deps));
    },
  );
}

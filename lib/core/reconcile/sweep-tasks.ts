import { scopeOf } from '../arn.ts';
import { resolveHost } from '../hosts/resolve-host.ts';
import type { SweepPosition, TaskList } from '../inventory/inventory.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { moveWaiting } from '../queue/move.ts';
import { each } from '../together.ts';
import { parseEvent } from '../triggers/parse.ts';
import { OutOfBudget } from './spend.ts';
import { standingOf, unresolvedHostOf, wantsSign } from './standing.ts';
import type { Found, SweepRun } from './sweep-run.ts';
import { changedAtMs, occurredAtMs, taskEvent } from './synthetic.ts';

/** RUNNING first: a task that stops between the two listings is then on the second list. In reverse order it is on neither. */
const LISTS: readonly TaskList[] = ['RUNNING', 'STOPPED'];

/** The limit of DescribeTasks. */
const BATCH = 100;
/**
 * Tasks of at most this many pages are described together, because few tasks of a page are unsettled. The number starts at one
 * page and doubles each time, so that a sweep makes progress even with the smallest budget.
 */
const MAX_PAGES = 10;

/** An event arrives after a second or two, so the event about a more recent change may still be on its way. */
const FRESH_MS = 10_000;

/** A task to describe, and its record. */
interface UnsettledTask {
  readonly arn: string;
  readonly record: WorkloadRecord | undefined;
}

/** Whether a sweep of all tasks is complete, and if not, where to continue. */
interface TaskSweep {
  readonly complete: boolean;
  readonly left?: SweepPosition;
}

/** Records a position up to which everything has been handled. */
type Reached = (position: SweepPosition) => void;

/**
 * Sweeps the tasks of all clusters, in order of their ARNs, and handles changes for which no event arrived.
 *
 * @returns `left` is the position to continue at, if the sweep had to end early
 */
export async function sweepTasks(run: SweepRun): Promise<TaskSweep> {
  let left = run.before.unfinished?.at;
  try {
    const clusters = await listClusters(run);
    if (clusters) {
      const complete = await sweepClusters(run, clusters, (position) => {
        left = position;
      });
      return { complete };
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
  }
  return { complete: false, left };
}

/** ARNs of all clusters, sorted; undefined if listing failed. */
async function listClusters(run: SweepRun): Promise<string[] | undefined> {
  const clusters: string[] = [];
  const listed = await run.attempt('clusters', async () => {
    for await (const cluster of run.deps.tasks.clusters()) clusters.push(cluster);
  });
  return listed ? clusters.sort() : undefined;
}

/** @returns whether all clusters were swept without a failure */
async function sweepClusters(run: SweepRun, clusters: readonly string[], reached: Reached): Promise<boolean> {
  const from = run.before.unfinished?.at;
  let complete = true;
  for (const cluster of clusters) {
    if (from && cluster < from.cluster) continue;
    const start: SweepPosition = from?.cluster === cluster ? from : { cluster, list: 'RUNNING' };
    reached(start);
    const swept = await run.attempt(cluster, () => sweepCluster(run, start, reached));
    if (swept) run.tally.clusters += 1;
    else complete = false;
  }
  return complete;
}

async function sweepCluster(run: SweepRun, start: SweepPosition, reached: Reached): Promise<void> {
  const { cluster } = start;
  for (const list of LISTS.slice(LISTS.indexOf(start.list))) {
    const from = start.list === list ? start.from : undefined;
    reached({ cluster, list, from });
    let tasks: UnsettledTask[] = [];
    let pages = 0;
    let together = 1;
    for await (const { arns, next } of run.deps.tasks.tasks(cluster, list, from)) {
      run.goOn();
      run.tally.listed += arns.length;
      pages += 1;
      tasks.push(...(await toDescribe(run, cluster, arns, list)));
      if (next && tasks.length < BATCH && pages < together) continue;
      await describeAndHandle(run, cluster, tasks);
      tasks = [];
      pages = 0;
      together = Math.min(MAX_PAGES, 2 * together);
      if (next) reached({ cluster, list, from: next });
    }
  }
}

/** The tasks of a page for which the ledger is behind. */
async function toDescribe(
  run: SweepRun,
  cluster: string,
  arns: readonly string[],
  list: TaskList,
): Promise<UnsettledTask[]> {
  const { ledger, settled, now } = run.deps;
  const unsettled = arns.filter((arn) => !settled.has(`${arn} ${list}`, now()));
  if (unsettled.length === 0) return [];
  const records = await ledger.read(unsettled);
  await findUnresolvedHosts(run, cluster, records);
  if (list === 'RUNNING') await recordAlive(run, records);
  const known = new Map(records.map((record) => [record.workload, record]));
  const tasks = unsettled.map((arn) => ({ arn, record: known.get(arn) }));
  const standings = new Map(tasks.map(({ arn, record }) => [arn, standingOf(record, list, now())]));
  await each(records, async (record) => {
    if (
      standings.get(record.workload) !== 'settled' ||
      unresolvedHostOf(record) ||
      !(await knowsEssentials(run, record))
    )
      return;
    settled.add(`${record.workload} ${list}`, now());
  });
  return tasks.filter(({ arn }) => standings.get(arn) === 'behind');
}

/**
 * Whether the ledger knows which containers are essential. ECS may not have described the task definition when the event was
 * handled, and a running task may have no further event: then the sweep amends the record as soon as ECS does.
 */
async function knowsEssentials({ deps }: SweepRun, record: WorkloadRecord): Promise<boolean> {
  const { workload, version, containers } = record;
  if (containers.length < 2 || containers.some(({ essential }) => essential === false)) return true;
  const definition = definitionOf(record);
  if (definition === undefined) return true;
  const names = await deps.definitions.essentialContainers(definition);
  if (!names) return false;
  const marked = containers.map((one) => (names.has(one.name) ? one : { ...one, essential: false }));
  if (containers.some(({ name }) => !names.has(name))) await deps.ledger.amendContainers(workload, version, marked);
  return true;
}

/** ARN of the task definition; undefined if no event named it. */
function definitionOf({ workload, identity }: WorkloadRecord): string | undefined {
  if (!identity.task_family) return undefined;
  const { partition, region, account } = scopeOf(workload);
  return `arn:${partition}:ecs:${region}:${account}:task-definition/${identity.task_family}:${identity.task_revision}`;
}

/** Retries the look-up of container instances that ECS did not know when the task's event arrived. */
async function findUnresolvedHosts(
  { deps }: SweepRun,
  cluster: string,
  records: readonly WorkloadRecord[],
): Promise<void> {
  const unresolved = [...new Set(records.flatMap((record) => unresolvedHostOf(record) ?? []))];
  await deps.hosts.prefetch(unresolved.map((arn) => ({ clusterArn: cluster, containerInstanceArn: arn })));
  for (const arn of unresolved) {
    const instance = await deps.hosts.instanceOf(cluster, arn).catch(() => undefined); // the next sweep retries
    if (instance) await moveWaiting(arn, (await resolveHost(instance, deps)).host, deps);
  }
}

async function recordAlive({ deps }: SweepRun, records: readonly WorkloadRecord[]): Promise<void> {
  const { ledger, now } = deps;
  for (const record of records) if (wantsSign(record, now())) await ledger.recordAlive(record, now());
}

/** Describes tasks in batches, and handles their changes. */
async function describeAndHandle(run: SweepRun, cluster: string, tasks: readonly UnsettledTask[]): Promise<void> {
  const known = new Map(tasks.map(({ arn, record }) => [arn, record]));
  for (let from = 0; from < tasks.length; from += BATCH) {
    const arns = tasks.slice(from, from + BATCH).map(({ arn }) => arn);
    const details = await run.deps.tasks.describe(cluster, arns);
    run.tally.described += details.length;
    const found: Found[] = [];
    for (const detail of details) {
      const arn = String(Object(detail).taskArn);
      await run.attempt(arn, async () => {
        found.push(readTask(run, arn, detail, known.get(arn) !== undefined));
      });
    }
    await run.handle(found);
  }
}

function readTask(run: SweepRun, arn: string, detail: unknown, known: boolean): Found {
  const nowMs = run.deps.now();
  const ownMs = changedAtMs(detail);
  const { tasksSinceMs: completeMs, beganMs } = run.before;
  const raw = taskEvent(arn, detail, occurredAtMs(ownMs, { completeMs, beganMs }, nowMs), run.scope);
  const fresh = ownMs !== undefined && nowMs - ownMs < FRESH_MS;
  return { event: parseEvent(raw, 'sweep'), workload: arn, known, fresh };
}

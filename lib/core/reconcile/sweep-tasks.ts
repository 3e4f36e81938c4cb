import { scopeOf } from '../arn.ts';
import { resolveHost } from '../hosts/resolve-host.ts';
import type { Position, TaskList } from '../inventory/inventory.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { moveWaiting } from '../queue/move.ts';
import { each } from '../together.ts';
import { parseEvent } from '../triggers/parse.ts';
import type { Found, Run } from './run.ts';
import { OutOfBudget } from './spend.ts';
import { standingOf, strayOf, wantsSign } from './standing.ts';
import { changedAtMs, occurredAtMs, taskEvent } from './synthetic.ts';

/** What runs first: a task that stops meanwhile is then found on the other list, the other way round on neither. */
const LISTS: readonly TaskList[] = ['RUNNING', 'STOPPED'];

/** DescribeTasks' own limit. */
const BATCH = 100;
/**
 * Tasks of up to so many pages are described together: few pages hold many that are not settled. Of one page at first, then
 * of twice as many each time, so that even the smallest budget gets a sweep further.
 */
const MOST_PAGES = 10;

/** An event takes a second or two; a younger change may still be told by its own. */
const FRESH_MS = 10_000;

/** A task that is to be described, and what is known of it. */
interface Look {
  readonly arn: string;
  readonly record: WorkloadRecord | undefined;
}

/**
 * Looks at the tasks of all clusters, in the order of their ARNs, and handles what no event has told.
 *
 * @returns `complete` when everything was looked at; where it was left when it had to end early
 */
export async function sweepTasks(run: Run): Promise<{ readonly complete: boolean; readonly left?: Position }> {
  const from = run.before.unfinished?.at;
  let left = from;
  let complete = true;
  try {
    const clusters: string[] = [];
    const listed = await run.attempt('clusters', async () => {
      for await (const cluster of run.deps.tasks.clusters()) clusters.push(cluster);
    });
    if (!listed) return { complete: false, ...(left ? { left } : {}) };
    for (const cluster of clusters.sort()) {
      if (from && cluster < from.cluster) continue;
      const start = from?.cluster === cluster ? from : undefined;
      left = start ?? { cluster, list: 'RUNNING' };
      const swept = await run.attempt(cluster, () =>
        sweepCluster(run, cluster, start, (position) => {
          left = position;
        }),
      );
      if (swept) run.tally.clusters += 1;
      else complete = false;
    }
    return { complete };
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { complete: false, ...(left ? { left } : {}) };
  }
}

/** @param reached told of each position up to which everything has been done */
async function sweepCluster(
  run: Run,
  cluster: string,
  start: Position | undefined,
  reached: (position: Position) => void,
): Promise<void> {
  for (const list of LISTS.slice(LISTS.indexOf(start?.list ?? 'RUNNING'))) {
    const from = start?.list === list ? start.from : undefined;
    reached({ cluster, list, ...(from ? { from } : {}) });
    let looks: Look[] = [];
    let pages = 0;
    let together = 1;
    for await (const { arns, next } of run.deps.tasks.tasks(cluster, list, from)) {
      run.goOn();
      run.tally.listed += arns.length;
      pages += 1;
      looks.push(...(await toLookAt(run, cluster, arns, list)));
      if (next && looks.length < BATCH && pages < together) continue;
      await lookAt(run, cluster, looks);
      looks = [];
      pages = 0;
      together = Math.min(MOST_PAGES, 2 * together);
      if (next) reached({ cluster, list, from: next });
    }
  }
}

/** Those of a page about which the ledger lacks something. */
async function toLookAt(run: Run, cluster: string, arns: readonly string[], list: TaskList): Promise<Look[]> {
  const { ledger, settled, now } = run.deps;
  const unsettled = arns.filter((arn) => !settled.has(`${arn} ${list}`, now()));
  if (unsettled.length === 0) return [];
  const records = await ledger.read(unsettled);
  await findStrays(run, cluster, records);
  if (list === 'RUNNING') await noteSigns(run, records);
  const known = new Map(records.map((record) => [record.workload, record]));
  const looks = unsettled.map((arn) => ({ arn, record: known.get(arn) }));
  const standings = new Map(looks.map(({ arn, record }) => [arn, standingOf(record, list, now())]));
  await each(records, async (record) => {
    if (standings.get(record.workload) !== 'settled' || strayOf(record) || !(await knowsEssentials(run, record)))
      return;
    settled.add(`${record.workload} ${list}`, now());
  });
  return looks.filter(({ arn }) => standings.get(arn) === 'behind');
}

/**
 * Whether the ledger knows which containers the task can do without. Nobody may have been able to tell when its event was
 * handled, and while it runs no other may come: then the ledger learns it here, as soon as ECS says so.
 */
async function knowsEssentials({ deps }: Run, record: WorkloadRecord): Promise<boolean> {
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

/** Undefined where no event named it. */
function definitionOf({ workload, identity }: WorkloadRecord): string | undefined {
  if (!identity.task_family) return undefined;
  const { partition, region, account } = scopeOf(workload);
  return `arn:${partition}:ecs:${region}:${account}:task-definition/${identity.task_family}:${identity.task_revision}`;
}

/** ECS may know by now the container instance that it did not know when a task's event came. */
async function findStrays({ deps }: Run, cluster: string, records: readonly WorkloadRecord[]): Promise<void> {
  const strays = [...new Set(records.flatMap((record) => strayOf(record) ?? []))];
  await deps.hosts.prefetch(strays.map((arn) => ({ clusterArn: cluster, containerInstanceArn: arn })));
  for (const arn of strays) {
    const instance = await deps.hosts.instanceOf(cluster, arn).catch(() => undefined); // the next sweep asks again
    if (instance) await moveWaiting(arn, (await resolveHost(instance, deps)).host, deps);
  }
}

async function noteSigns({ deps }: Run, records: readonly WorkloadRecord[]): Promise<void> {
  const { ledger, now } = deps;
  for (const record of records) if (wantsSign(record, now())) await ledger.recordAlive(record, now());
}

async function lookAt(run: Run, cluster: string, looks: readonly Look[]): Promise<void> {
  const known = new Map(looks.map(({ arn, record }) => [arn, record]));
  for (let from = 0; from < looks.length; from += BATCH) {
    const arns = looks.slice(from, from + BATCH).map(({ arn }) => arn);
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

function readTask(run: Run, arn: string, detail: unknown, known: boolean): Found {
  const nowMs = run.deps.now();
  const ownMs = changedAtMs(detail);
  const { tasksSinceMs: completeMs, beganMs } = run.before;
  const raw = taskEvent(arn, detail, occurredAtMs(ownMs, { completeMs, beganMs }, nowMs), run.place);
  const fresh = ownMs !== undefined && nowMs - ownMs < FRESH_MS;
  return { event: parseEvent(raw, 'sweep'), workload: arn, known, fresh };
}

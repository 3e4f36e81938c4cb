import type { Instance } from '../../lib/core/inventory/instance.ts';
import { Spend } from '../../lib/core/reconcile/spend.ts';
import { sweep } from '../../lib/core/reconcile/sweep.ts';
import type { SweepDeps } from '../../lib/core/reconcile/sweep-run.ts';
import type { Report } from '../../lib/core/reports/report.ts';
import { handleEvent } from '../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../lib/core/triggers/parse.ts';
import { memoryStores, sweepDeps } from '../../lib/memory/composition.ts';
import { aTaskEvent, type TaskMoment } from './a-task-event.ts';
import { FakeAccount, type TaskDetail } from './fake-account.ts';
import { inForce } from './plain-policy.ts';
import { SECOND, T0 } from './times.ts';

export const SCOPE = { partition: 'aws', account: '111122223333', region: 'us-east-1' };
export const CLUSTER = 'arn:aws:ecs:us-east-1:111122223333:cluster/ephemeral-prod';
export const ON_HOST = 'arn:aws:ecs:us-east-1:111122223333:container-instance/ephemeral-prod/1';
export const HOST = 'i-0000000000000001';

/** Task n in DescribeTasks format, in one state of its life, which began at `sinceMs`. */
export function aDescription(
  n: number,
  moment: TaskMoment,
  sinceMs: number,
  { cluster = CLUSTER, containers = 1, on = ON_HOST }: { cluster?: string; containers?: number; on?: string } = {},
): TaskDetail {
  const {
    macs: _,
    addresses: __,
    enis: ___,
    subnets: ____,
    tags: _____,
    stoppedAt: ______,
    ...task
  } = aTaskEvent(n, moment, containers, on).task;
  const at = new Date(sinceMs).toISOString();
  const times = moment.phase === 7 ? { createdAt: at, stoppedAt: at } : { createdAt: at };
  return { ...task, ...times, clusterArn: cluster };
}

export const RUNNING: TaskMoment = { version: 4, phase: 3, stopping: false };
export const STOPPED: TaskMoment = { version: 8, phase: 7, stopping: true };

export const anInstance = (instanceId: string, instance: Partial<Instance> = {}): Instance => ({
  instanceId,
  state: 'running',
  launchedAtMs: T0,
  imageId: 'ami-1',
  instanceType: 'm7g.large',
  tags: {},
  addresses: ['10.0.3.7'],
  macs: ['0a:00:00:00:00:01'],
  ...instance,
});

/** A reconciler on in-memory ports, with the test's account and clock. */
export class Sweeper {
  nowMs = T0;
  readonly now = (): number => this.nowMs;
  readonly account = new FakeAccount(this.now);
  readonly stores = memoryStores(this.now);
  readonly ledger = this.stores.ledger;
  readonly hosts = this.stores.hosts;
  readonly aliases = this.stores.aliases;
  readonly directory = this.stores.directory;
  readonly fleetIssues = this.stores.fleetIssues;
  readonly progress = this.stores.progress;
  readonly spend = new Spend(this.now, async (ms) => {
    this.nowMs += ms;
  });
  readonly reports: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  /** Container instance → EC2 instance, as ECS reports it. */
  readonly known = new Map([[ON_HOST, HOST]]);
  /** The answer to DescribeContainerInstances. */
  instancesOf = async (): Promise<ReadonlyMap<string, string>> => this.known;
  deps: SweepDeps;

  constructor() {
    this.deps = this.coldStart();
  }

  /** Simulates a cold start, which empties the function's caches. */
  coldStart(): SweepDeps {
    const { now, account, stores, spend } = this;
    const lookup = { instancesOf: () => this.instancesOf() };
    const report: Report = (event, fields) => {
      this.reports.push({ event, fields });
    };
    this.deps = sweepDeps({ ...stores, lookup, inventory: account }, { policy: inForce(), spend, now, report });
    return this.deps;
  }

  /** Runs one sweep with `ms` of time left, by default as much as the function has. */
  sweep(ms = 45 * SECOND): Promise<number | undefined> {
    return sweep(this.deps, SCOPE, this.nowMs + ms);
  }

  /** Handles an EventBridge event. */
  async take(event: unknown): Promise<string> {
    return handleEvent(parseEvent(event), this.deps);
  }

  /** Returns the latest sweep's report. */
  done(): Readonly<Record<string, unknown>> {
    return this.reported('sweep_done').at(-1) ?? {};
  }

  reported(event: string): Readonly<Record<string, unknown>>[] {
    return this.reports.flatMap((report) => (report.event === event ? [report.fields] : []));
  }

  /** Returns the pending queries of a host as `set query`. */
  async waiting(host = HOST): Promise<string[]> {
    const { pending } = await this.hosts.read(host);
    return pending.map(({ set, query }) => `${set} ${query}`).sort();
  }
}

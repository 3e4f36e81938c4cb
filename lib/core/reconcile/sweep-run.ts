import type { AwsScope } from '../arn.ts';
import { traceOf } from '../errors.ts';
import type { ExpectedInstances } from '../fleet/agent-scope.ts';
import type { FleetIssues } from '../fleet/fleet-issue.ts';
import type { InstanceNodes } from '../fleet/instance-nodes.ts';
import type { InstanceInventory, SweepProgress, SweepState, TaskInventory } from '../inventory/inventory.ts';
import { each } from '../together.ts';
import { handleEvent, prepareBatch } from '../triggers/handle-event.ts';
import type { RuleDeps } from '../triggers/handle-rules.ts';
import type { ParsedEvent } from '../triggers/parsed-event.ts';
import { OutOfBudget, type Spend } from './spend.ts';
import type { UpToDate } from './up-to-date.ts';

export interface SweepDeps extends RuleDeps {
  readonly tasks: TaskInventory;
  readonly instances: InstanceInventory;
  readonly progress: SweepProgress;
  readonly fleetIssues: FleetIssues;
  readonly nodes: InstanceNodes;
  readonly spend: Spend;
  readonly settled: UpToDate;
  /** An instance that has run for this long is expected to have an enrolled agent. */
  readonly noAgentAfterMs: number;
  /** Where agents are expected. @default - on every instance */
  readonly expected?: ExpectedInstances;
}

/** A change that the sweep found, as the event that would have reported it. */
export interface Found {
  readonly event: ParsedEvent;
  /** Task ARN or instance id. */
  readonly workload: string;
  /** Whether the ledger had a record of the workload. */
  readonly known: boolean;
  /** Whether the change is so recent that its event may still arrive. */
  readonly fresh: boolean;
}

/** One sweep: its account and Region, its counts, and the isolation of failures between its parts. */
export class SweepRun {
  readonly deps: SweepDeps;
  readonly scope: AwsScope;
  /** Progress of the earlier sweeps. */
  readonly before: SweepState;
  readonly tally = {
    clusters: 0,
    listed: 0,
    described: 0,
    instances: 0,
    found: 0,
    caughtUp: 0,
    ahead: 0,
    fleetIssues: 0,
  };
  failures = 0;

  constructor(deps: SweepDeps, scope: AwsScope, before: SweepState) {
    this.deps = deps;
    this.scope = scope;
    this.before = before;
  }

  /** @throws {OutOfBudget} if the time of this sweep is over */
  goOn(): void {
    if (this.deps.spend.isOver) throw new OutOfBudget('the time of this sweep is over');
  }

  /**
   * Runs a part whose failure must not stop the others: it is reported and counted, and fails the invocation at the end.
   *
   * @returns whether it succeeded
   * @throws {OutOfBudget}
   */
  async attempt(what: string, part: () => Promise<void>): Promise<boolean> {
    try {
      this.goOn();
      await part();
      return true;
    } catch (error) {
      if (error instanceof OutOfBudget) throw error;
      this.failures += 1;
      this.deps.report('sweep_failed', { what, error: traceOf(error) });
      return false;
    }
  }

  /** Handles the changes like their events. */
  async handle(all: readonly Found[]): Promise<void> {
    const { report } = this.deps;
    const events = all.map(({ event }) => event);
    await prepareBatch(events, this.deps).catch((error) => report('batch_unprepared', { error: traceOf(error) }));
    await each(all, async (one) => {
      await this.attempt(one.workload, async () => this.#count(one, await handleEvent(one.event, this.deps)));
    });
  }

  #count({ known, fresh }: Found, outcome: string): void {
    if (outcome === 'stale' || outcome === 'ignored') return;
    if (fresh) this.tally.ahead += 1;
    else if (known) this.tally.caughtUp += 1;
    else this.tally.found += 1;
  }
}

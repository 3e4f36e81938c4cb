import type { SimulatedHost } from '../host/host.ts';
import type { OsqueryFacts } from '../host/state/host-state.ts';
import type { Clock } from '../simulation/clock.ts';
import type { Random } from '../simulation/random.ts';
import type { AgentNotice } from './events.ts';
import type { Faults } from './faults.ts';
import type { Flags } from './flags.ts';
import type { Profile } from './profile.ts';
import type { AgentStore } from './store.ts';

/** What the parts of one osquery worker process share. */
export interface WorkerContext {
  readonly host: SimulatedHost;
  readonly hostIdentifier: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: AgentStore;
  readonly flags: Flags;
  readonly profile: Profile;
  readonly faults: Faults;
  /** Aborts when the process ends, and with it all its waits. */
  readonly signal: AbortSignal;
  notify(notice: AgentNotice): void;
  /** The current values of osquery_info. */
  facts(): OsqueryFacts;
}

/** Ends the worker at once: volatile state is lost. */
export class WorkerCrash extends Error {
  override readonly name = 'WorkerCrash';
}

/** Ends osqueryd for good; only its supervisor can start it again. */
export class OsqueryExit extends Error {
  override readonly name = 'OsqueryExit';
  constructor(readonly code: number) {
    super(`osqueryd exited with code ${code}`);
  }
}

/** osquery counts time in whole seconds. */
export function unixTime(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}

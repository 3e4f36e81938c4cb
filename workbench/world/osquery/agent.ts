import type { SimulatedHost } from '../host/host.ts';
import { type Clock, stopper, unlessStopped } from '../simulation/clock.ts';
import type { Random } from '../simulation/random.ts';
import type { ServerAddress } from './client.ts';
import type { AgentEvent, AgentNotice } from './events.ts';
import { Faults } from './faults.ts';
import { Flags, type FlagValues } from './flags.ts';
import { LATEST_VERSION, type Profile, profileOf } from './profile.ts';
import { AgentStore } from './store.ts';
import { HttpsTransport, type Transport } from './transport.ts';
import { WatchdogStop } from './watchdog.ts';
import { Watcher } from './watcher.ts';
import { Worker } from './worker.ts';
import { OsqueryExit, WorkerCrash } from './worker-context.ts';

/** EXIT_FAILURE: too many workers died too early. */
const EXIT_FAILURE = 1;

/** How a worker ended. */
interface Death {
  /** Whether the watchdog killed the worker, after asking it to stop. */
  readonly killed: boolean;
  readonly reason?: string;
  /** The exit code, if osqueryd itself gave up. */
  readonly exit?: number;
}

/** The paths of the minimal flagfile (docs/spec/osquery-protocol.md §7). */
const DEFAULT_ENDPOINTS: ServerAddress['endpoints'] = {
  enroll: '/v1/enroll',
  config: '/v1/config',
  log: '/v1/log',
  read: '/v1/distributed/read',
  write: '/v1/distributed/write',
};

export interface AgentOptions {
  readonly host: SimulatedHost;
  /** `https://host[:port][/prefix]`, without a trailing slash. */
  readonly url: string;
  /** The certificate authority to trust, as PEM text. Optional if `transport` is given. */
  readonly ca?: string;
  readonly enrollSecret: string;
  /** The host identifier it enrolls with; the host's instance id by default. */
  readonly hostIdentifier?: string;
  readonly endpoints?: Partial<ServerAddress['endpoints']>;
  /** The node's flagfile, under osquery's names. */
  readonly flags?: Partial<FlagValues>;
  /** The osquery release to simulate. */
  readonly version?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Default HTTPS. */
  readonly transport?: Transport;
  readonly faults?: Faults;
  /** How long a distributed query takes, in milliseconds; 1 to 20 by default. */
  readonly queryDurationMs?: (sql: string) => number;
  readonly on?: (event: AgentEvent) => void;
}

/**
 * An osqueryd on a simulated host. It enrolls, fetches its configuration, runs its schedule, forwards its log and
 * answers distributed queries like a real one (docs/spec/osquery-protocol.md §15).
 */
export class SimulatedAgent {
  readonly hostIdentifier: string;
  readonly faults: Faults;
  private readonly options: AgentOptions;
  private readonly profile: Profile;
  private readonly transport: Transport;
  private store: AgentStore;
  private stores = 0;
  private life: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  private worker: Worker | undefined;
  private readonly random: Random;
  private readonly durations: Random;

  constructor(options: AgentOptions) {
    this.options = options;
    this.hostIdentifier = options.hostIdentifier ?? options.host.instanceId;
    this.faults = options.faults ?? new Faults();
    this.profile = profileOf(options.version ?? LATEST_VERSION);
    this.transport = options.transport ?? new HttpsTransport(required(options.ca));
    this.random = options.random.fork(`agent ${this.hostIdentifier}`);
    this.durations = this.random.fork('query durations');
    this.store = this.emptyStore();
    options.host.off.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** Starts osqueryd, which ends with its host. Does nothing if osqueryd already runs or its host is off. */
  start(): void {
    if (this.life || this.options.host.down) return;
    const stop = stopper();
    this.life = { stop, ended: this.supervise(stop.signal) };
    this.notify({ kind: 'started' });
  }

  /** Stops osqueryd: results not yet written are lost, the database is kept. */
  async stop(): Promise<void> {
    const life = this.life;
    if (!life) return;
    this.life = undefined;
    life.stop.abort();
    this.worker?.end();
    await life.ended;
    this.notify({ kind: 'stopped' });
  }

  /** Kills the worker; the watcher notices it within 3 s. */
  crash(reason = 'killed'): void {
    if (!this.worker) return;
    this.worker.end();
    this.notify({ kind: 'crashed', reason });
  }

  /** Restarts the service gracefully. */
  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }

  /** Deletes the database, and with it the node key and the instance id, and restarts osqueryd if it was running. */
  async wipe(): Promise<void> {
    const wasRunning = this.life !== undefined;
    await this.stop();
    this.store = this.emptyStore();
    this.notify({ kind: 'wiped' });
    if (wasRunning) this.start();
  }

  /** The content of the node's database; for tests. */
  get database(): AgentStore {
    return this.store;
  }

  /** The watcher: runs one worker after another until the service stops or osqueryd exits. */
  private async supervise(stop: AbortSignal): Promise<void> {
    const { clock } = this.options;
    const watcher = new Watcher();
    while (!stop.aborted) {
      watcher.started(clock.now());
      this.worker = this.newWorker(watcher);
      const death = await this.deathOf(this.worker);
      this.worker = undefined;
      if (death.exit !== undefined) return this.exited(death.exit);
      if (stop.aborted) return;
      if (death.reason !== undefined) this.notify({ kind: 'crashed', reason: death.reason });
      if (death.killed)
        await this.pause(1000 * new Flags(this.options.flags).get('watchdog_forced_shutdown_delay'), stop);
      const delayMs = watcher.respawnAfterMs(clock.now(), death.killed);
      if (delayMs === undefined) return this.exited(EXIT_FAILURE);
      await this.pause(delayMs, stop);
    }
  }

  /** Runs a worker to its end. There is no reason if the end was already reported. */
  private async deathOf(worker: Worker): Promise<Death> {
    try {
      await worker.run();
      return { killed: false };
    } catch (error) {
      if (error instanceof OsqueryExit) return { killed: false, exit: error.code };
      if (error instanceof WatchdogStop) return { killed: true, reason: error.message };
      if (error instanceof WorkerCrash) return { killed: false, reason: error.message };
      throw error; // a bug in the simulation itself
    }
  }

  private exited(code: number): void {
    this.life = undefined;
    this.notify({ kind: 'exited', code });
  }

  private pause(ms: number, stop: AbortSignal): Promise<void> {
    return unlessStopped(this.options.clock.sleep(ms, stop), stop);
  }

  private newWorker(watcher: Watcher): Worker {
    const { clock, enrollSecret, endpoints, flags, host, queryDurationMs, url } = this.options;
    return new Worker({
      context: {
        host,
        hostIdentifier: this.hostIdentifier,
        clock,
        random: this.random,
        store: this.store,
        flags: new Flags(flags),
        profile: this.profile,
        faults: this.faults,
        notify: (notice) => this.notify(notice),
      },
      server: { url, endpoints: { ...DEFAULT_ENDPOINTS, ...endpoints } },
      transport: this.transport,
      enrollSecret,
      nextCheckMs: (nowMs) => watcher.nextCheckMs(nowMs),
      queryDurationMs: queryDurationMs ?? (() => this.durations.integer(1, 20)),
    });
  }

  private emptyStore(): AgentStore {
    return new AgentStore(this.random.fork(`database ${this.stores++}`));
  }

  private notify(notice: AgentNotice): void {
    this.options.on?.({ ...notice, host: this.hostIdentifier, atMs: this.options.clock.now() });
  }
}

function required(ca: string | undefined): string {
  if (ca === undefined) throw new Error('a simulated agent needs `ca`, the PEM text of the authority to trust');
  return ca;
}

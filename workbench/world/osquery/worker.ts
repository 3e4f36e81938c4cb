import type { OsqueryFacts } from '../host/state/host-state.ts';
import { Stopped, stopper } from '../simulation/clock.ts';
import { Client, type ServerAddress } from './client.ts';
import { ConfigKeeper } from './config.ts';
import { Decorators } from './decorators.ts';
import { DistributedRunner } from './distributed.ts';
import { LogBuffer } from './log-buffer.ts';
import { LogForwarder } from './log-forwarder.ts';
import { Logger, SEVERITY } from './logger.ts';
import { Scheduler } from './scheduler.ts';
import type { Transport } from './transport.ts';
import { Watchdog } from './watchdog.ts';
import { OsqueryExit, type WorkerContext } from './worker-context.ts';

/** EX_CONFIG of sysexits: the TLS logger found no node key. */
const EXIT_WITHOUT_KEY = 78;

export interface WorkerOptions {
  readonly context: Omit<WorkerContext, 'signal' | 'facts'>;
  readonly server: ServerAddress;
  readonly transport: Transport;
  readonly enrollSecret: string;
  readonly queryDurationMs: (sql: string) => number;
  /** The watcher's next check, in epoch milliseconds. */
  readonly nextCheckMs: (nowMs: number) => number;
}

/** One run of the osquery worker process: all its state is lost when it ends. */
export class Worker {
  private readonly life = stopper();
  private readonly context: WorkerContext;
  private readonly client: Client;
  private readonly config: ConfigKeeper;
  private readonly logger: Logger;
  private readonly scheduler: Scheduler;
  private readonly forwarder: LogForwarder;
  private readonly distributed: DistributedRunner;
  private readonly watchdog: Watchdog;
  private readonly startedAtMs: number;

  constructor({ context, server, transport, enrollSecret, queryDurationMs, nextCheckMs }: WorkerOptions) {
    this.startedAtMs = context.clock.now();
    this.context = { ...context, signal: this.life.signal, facts: () => this.facts() };
    const buffer = new LogBuffer(context.store);
    const decorators = new Decorators(this.context);
    this.client = new Client(this.context, server, transport, enrollSecret);
    this.logger = new Logger(this.context, buffer, decorators);
    this.config = new ConfigKeeper(this.context, this.client, decorators, this.logger);
    this.scheduler = new Scheduler(this.context, this.config, this.logger, decorators);
    this.forwarder = new LogForwarder(this.context, this.client, buffer, this.logger);
    this.watchdog = new Watchdog(this.context, nextCheckMs, this.startedAtMs);
    const { watchdog } = this;
    const host = { logger: this.logger, watchdog, durationMs: queryDurationMs };
    this.distributed = new DistributedRunner(this.context, this.client, host);
  }

  /**
   * Runs until {@link end}.
   *
   * @throws {WorkerCrash} when the process died, {WatchdogStop} when the watchdog ends it, {OsqueryExit} when osqueryd
   * gave up
   */
  async run(): Promise<void> {
    try {
      await this.startUp();
      const threads = [this.config.run(), this.forwarder.run(), this.scheduler.run(), this.watchdog.run()];
      if (!this.context.flags.get('disable_distributed')) threads.push(this.distributed.run());
      await Promise.all(threads);
    } catch (error) {
      if (!(error instanceof Stopped && this.life.signal.aborted)) throw error;
    } finally {
      this.end();
    }
  }

  /** Ends every thread at once. */
  end(): void {
    this.life.abort();
  }

  /** osquery's order: key, configuration, logger (which needs a key and asks twice). */
  private async startUp(): Promise<void> {
    await this.client.keys.key();
    await this.config.fetch();
    const key = (await this.client.keys.key()) || (await this.client.keys.key());
    if (key === '' && !this.context.flags.get('disable_enrollment')) throw new OsqueryExit(EXIT_WITHOUT_KEY);
    this.logger.status(SEVERITY.info, 'init.cpp:412', `osquery ${this.context.profile.version} started`);
  }

  private facts(): OsqueryFacts {
    return {
      version: this.context.profile.version,
      instanceUuid: this.context.store.instanceUuid,
      configHash: this.config.hash,
      configValid: this.config.valid,
      startedAtMs: this.startedAtMs,
    };
  }
}

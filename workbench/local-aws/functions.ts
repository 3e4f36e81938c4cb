import { createWriteStream, type WriteStream } from 'node:fs';
import { Environment } from './environment.ts';
import { CLOSED, type FunctionConfig, type Invocation, invocationFailure, THROTTLED } from './invocation.ts';
import type { Notify } from './notice.ts';

/** Lambda's limit on the payload of a synchronous invocation. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** Invocations that wait for an environment; more are throttled. Lambda throttles at once, but its environments are many. */
const MAX_WAITING = 512;

/**
 * Throttled too is what would wait longer than this, as far as the last invocations tell. An agent gives up after 16 s:
 * with a longer queue every answer would come too late, and none of the work would count.
 */
const MAX_WAIT_MS = 10_000;

/** Of the last invocation in the average of all. */
const WEIGHT = 0.1;

export interface Machine {
  readonly cores: number;
  readonly memoryMb: number;
}

/** An idle environment takes 40 to 60 MB; all of them together get a quarter of the machine. */
const ENVIRONMENT_MB = 60;
const MEMORY_SHARE = 0.25;

/** Environments that one of `functions` functions may have: twice the cores, because most of an invocation is waiting. */
export function environmentsFor({ cores, memoryMb }: Machine, functions: number): number {
  const byMemory = Math.floor((memoryMb * MEMORY_SHARE) / ENVIRONMENT_MB / Math.max(1, functions));
  return Math.max(1, Math.min(2 * cores, byMemory));
}

/**
 * One Lambda function: a bounded number of environments, each with one invocation at a time. An environment is started
 * when none is idle, and kept. A crash or timeout ends its own environment and fails its own invocation, no other one.
 */
export class LocalFunction {
  private readonly environments = new Set<Environment>();
  private readonly idle: Environment[] = [];
  private readonly waiting = new Set<(environment: Environment | undefined) => void>(); // in the order of the calls
  private log: WriteStream | undefined;
  private closed = false;
  private averageMs = 0;

  constructor(
    readonly config: FunctionConfig,
    private readonly notify: Notify,
  ) {}

  /**
   * @param event JSON
   * @param gone aborts while the invocation waits for an environment: its caller has left, so it never starts
   */
  async invoke(event: string, gone?: AbortSignal): Promise<Invocation> {
    if (this.closed) return stopping();
    if (!this.canStart() && this.isQueueFull()) return throttled();
    const environment = await this.take(gone);
    if (!environment) return this.closed ? stopping() : throttled();
    const begunAtMs = performance.now();
    const result = await environment.invoke(event);
    this.averageMs += WEIGHT * (performance.now() - begunAtMs - this.averageMs);
    this.giveBack(environment);
    if (!result.ok) {
      const { errorType, message } = result;
      this.notify({ kind: 'function-error', function: this.config.name, errorType, message });
    }
    return result;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const start of this.waiting) start(undefined);
    await Promise.all([...this.environments].map((one) => one.end(stopping())));
    this.log?.end();
  }

  private canStart(): boolean {
    return this.idle.length > 0 || this.environments.size < this.config.concurrency;
  }

  private isQueueFull(): boolean {
    const { size } = this.waiting;
    const { concurrency } = this.config;
    if (size < concurrency) return false; // even slow invocations must follow one another
    return size >= MAX_WAITING || (size / concurrency) * this.averageMs > MAX_WAIT_MS;
  }

  /** An environment for one invocation, in the order of the calls; `undefined` if `gone` aborts before there is one. */
  private async take(gone: AbortSignal | undefined): Promise<Environment | undefined> {
    for (let idle = this.idle.pop(); idle; idle = this.idle.pop()) {
      if (!idle.ended) return idle; // the one used last
      this.environments.delete(idle);
    }
    if (this.environments.size < this.config.concurrency) return this.start();
    return new Promise((resolve) => {
      const start = (environment: Environment | undefined) => {
        this.waiting.delete(start);
        gone?.removeEventListener('abort', leave);
        resolve(environment);
      };
      const leave = () => start(undefined);
      this.waiting.add(start);
      gone?.addEventListener('abort', leave, { once: true });
      if (gone?.aborted) leave();
    });
  }

  private giveBack(environment: Environment): void {
    if (environment.ended) this.environments.delete(environment);
    if (this.closed) return;
    const [next] = this.waiting;
    if (next) next(environment.ended ? this.start() : environment);
    else if (!environment.ended) this.idle.push(environment);
  }

  private start(): Environment {
    const environment = new Environment(this.config, this.openLog());
    this.environments.add(environment);
    return environment;
  }

  private openLog(): WriteStream {
    if (!this.log) {
      this.log = createWriteStream(this.config.logFile, { flags: 'a', mode: 0o600 });
      this.log.on('error', () => undefined); // a full disk must not end the runner through a log
      this.log.setMaxListeners(0); // two pipes an environment
    }
    return this.log;
  }
}

const throttled = () => invocationFailure(THROTTLED, 'Rate Exceeded.');
const stopping = () => invocationFailure(CLOSED, 'the local runner is stopping');

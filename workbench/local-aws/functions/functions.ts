import { createWriteStream, type WriteStream } from 'node:fs';
import type { OnLine } from '../machine/each-line.ts';
import type { Notify } from '../machine/notice.ts';
import { Environment } from './environment.ts';
import { CLOSED, type FunctionConfig, type Invocation, invocationFailure, THROTTLED } from './invocation.ts';

/** Lambda's limit on the payload of a synchronous invocation. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/**
 * Limit on invocations waiting for an environment; further ones are throttled. Lambda throttles at once, but has many
 * more environments.
 */
const MAX_WAITING = 512;

/**
 * Limit on the expected wait, estimated from the last invocations; longer ones are throttled. An agent gives up after
 * 16 s: with a longer queue every answer would come too late and all the work would be wasted.
 */
const MAX_WAIT_MS = 10_000;

/** Weight of the last invocation in the moving average of durations. */
const WEIGHT = 0.1;

export interface Machine {
  readonly cores: number;
  readonly memoryMb: number;
}

/** An idle environment takes 40 to 60 MB. All environments together may use a quarter of the machine's memory. */
const ENVIRONMENT_MB = 60;
const MEMORY_SHARE = 0.25;

/**
 * Returns how many environments each of `functions` functions may have: twice the cores, because an invocation mostly
 * waits.
 */
export function environmentsFor({ cores, memoryMb }: Machine, functions: number): number {
  const byMemory = Math.floor((memoryMb * MEMORY_SHARE) / ENVIRONMENT_MB / Math.max(1, functions));
  return Math.max(1, Math.min(2 * cores, byMemory));
}

/**
 * One Lambda function with a bounded number of environments. Each environment runs one invocation at a time, and is kept.
 * A crash or timeout ends only its own environment and fails only its own invocation.
 *
 * The first environment starts with the first invocation, another one when invocations have waited for twice as long as a
 * start takes. Until then an environment that exists is probably free sooner: most invocations take milliseconds, and a start
 * with its first invocation half a second of CPU.
 */
export class LocalFunction {
  private readonly environments = new Set<Environment>();
  private readonly idle: Environment[] = [];
  private readonly waiting = new Set<(environment: Environment | undefined) => void>(); // in call order
  private log: WriteStream | undefined;
  private closed = false;
  private averageMs = 0;
  private starting = 0; // environments that are not ready yet
  private startMs = 0; // how long the last start took
  private growing: NodeJS.Timeout | undefined;

  constructor(
    readonly config: FunctionConfig,
    private readonly notify: Notify,
    private readonly count: (ms: number) => void = () => undefined,
    private readonly onLine: OnLine = () => undefined,
  ) {}

  /**
   * @param event JSON
   * @param gone aborts when the caller disconnects; an invocation still waiting for an environment then never starts
   */
  async invoke(event: string, gone?: AbortSignal): Promise<Invocation> {
    if (this.closed) return stopping();
    if (!this.canStart() && this.isQueueFull()) return throttled();
    const environment = await this.take(gone);
    if (!environment) return this.closed ? stopping() : throttled();
    const begunAtMs = performance.now();
    const result = await environment.invoke(event);
    const tookMs = performance.now() - begunAtMs;
    this.count(tookMs);
    this.averageMs += WEIGHT * (tookMs - this.averageMs);
    this.giveBack(environment);
    if (!result.ok) {
      const { errorType, message } = result;
      this.notify({ kind: 'function-error', function: this.config.name, errorType, message });
    }
    return result;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopGrowing();
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
    if (size < concurrency) return false; // slow functions too may queue one invocation per environment
    return size >= MAX_WAITING || (size / concurrency) * this.averageMs > MAX_WAIT_MS;
  }

  /** Returns an environment for one invocation, in call order; `undefined` if `gone` aborts first. */
  private async take(gone: AbortSignal | undefined): Promise<Environment | undefined> {
    for (let idle = this.idle.pop(); idle; idle = this.idle.pop()) {
      if (!idle.ended) return idle; // the most recently used one
      this.environments.delete(idle);
    }
    if (this.environments.size === 0) return this.start();
    return new Promise((resolve) => {
      const start = (environment: Environment | undefined) => {
        this.waiting.delete(start);
        if (this.waiting.size === 0) this.stopGrowing();
        gone?.removeEventListener('abort', leave);
        resolve(environment);
      };
      const leave = () => start(undefined);
      this.waiting.add(start);
      gone?.addEventListener('abort', leave, { once: true });
      if (gone?.aborted) leave();
      this.grow();
    });
  }

  /** Starts another environment after the time of two starts, if invocations wait all this time. */
  private grow(): void {
    const isFull = this.environments.size >= this.config.concurrency;
    if (this.growing || this.starting > 0 || isFull || this.waiting.size === 0) return;
    this.growing = setTimeout(() => {
      this.growing = undefined;
      const [longest] = this.waiting;
      longest?.(this.start());
    }, 2 * this.startMs);
  }

  private stopGrowing(): void {
    clearTimeout(this.growing);
    this.growing = undefined;
  }

  private giveBack(environment: Environment): void {
    if (environment.ended) this.environments.delete(environment);
    if (this.closed) return;
    const [next] = this.waiting;
    if (next) next(environment.ended ? this.start() : environment);
    else if (!environment.ended) this.idle.push(environment);
  }

  private start(): Environment {
    const environment = new Environment(this.config, this.openLog(), this.onLine);
    this.environments.add(environment);
    const begunAtMs = performance.now();
    this.starting += 1;
    void environment.ready.then(() => {
      this.starting -= 1;
      this.startMs = performance.now() - begunAtMs;
      this.grow();
    });
    return environment;
  }

  private openLog(): WriteStream {
    if (!this.log) {
      this.log = createWriteStream(this.config.logFile, { flags: 'a', mode: 0o600 });
      this.log.on('error', () => undefined); // a log that cannot be written (full disk) must not stop the runner
      this.log.setMaxListeners(0); // each environment pipes two streams into it
    }
    return this.log;
  }
}

const throttled = () => invocationFailure(THROTTLED, 'Rate Exceeded.');
const stopping = () => invocationFailure(CLOSED, 'the local runner is stopping');

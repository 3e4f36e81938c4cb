import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { eachLine, type OnLine } from '../machine/each-line.ts';
import { type FunctionConfig, type Invocation, type InvocationFailure, invocationFailure } from './invocation.ts';

/** Lambda's limit on the duration of an initialization. */
const INIT_TIMEOUT_MS = 10_000;

/** An execution environment: one worker thread that runs one invocation at a time. */
export class Environment {
  private readonly worker: Worker;
  /** Resolves at the end of the initialization. Never rejects: a failed one ends the environment. */
  readonly ready: Promise<void>;
  private settle: ((result: Invocation) => void) | undefined;
  private ending: Promise<unknown> | undefined;
  private reason: InvocationFailure | undefined; // why the environment ended

  /**
   * @param log receives the function's output; the environment does not close it
   * @param onLine receives each line of it
   */
  constructor(
    private readonly config: FunctionConfig,
    log: Writable,
    onLine: OnLine,
  ) {
    const { name, arn, memoryMb, folder, handler, environment } = config;
    const context = {
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: arn,
      memoryLimitInMB: String(memoryMb),
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    };
    this.worker = new Worker(new URL('./function-worker.js', import.meta.url), {
      name,
      workerData: { folder, handler, context },
      env: environment,
      execArgv: [], // keeps our module loader out of the function's thread
      resourceLimits: { maxOldGenerationSizeMb: memoryMb }, // exceeding it ends this thread, not the whole runner
      stdout: true,
      stderr: true,
    });
    for (const output of [this.worker.stdout, this.worker.stderr]) {
      output.pipe(log, { end: false });
      eachLine(output, onLine);
    }
    this.ready = new Promise((resolve) => {
      const slow = invocationFailure('Runtime.InitTimeout', `Init took more than ${INIT_TIMEOUT_MS} ms`);
      const timer = setTimeout(() => this.end(slow), INIT_TIMEOUT_MS);
      const started = () => {
        clearTimeout(timer);
        resolve();
      };
      this.worker.on('message', (message) => {
        if (message.ready) started();
        else if (message.initError) this.end({ ok: false, ...message.initError });
        else this.settle?.(message.error ? { ok: false, ...message.error } : { ok: true, payload: message.payload });
      });
      this.worker.once('error', (error) => this.end(crashed(error)));
      this.worker.once('exit', (code) => {
        this.end(invocationFailure('Runtime.ExitError', `Runtime exited with code ${code}`));
        started();
      });
    });
  }

  /** Runs one invocation. Its timeout starts once the environment is initialized. */
  async invoke(event: string): Promise<Invocation> {
    const result = new Promise<Invocation>((resolve) => {
      this.settle = resolve;
    });
    await this.ready;
    if (this.reason) return this.reason;
    const { timeoutSeconds } = this.config;
    const timeoutMs = timeoutSeconds * 1000;
    const late = invocationFailure('Sandbox.Timedout', `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
    const timer = setTimeout(() => this.end(late), timeoutMs);
    this.worker.postMessage({ requestId: randomUUID(), event, deadlineMs: Date.now() + timeoutMs });
    return result.finally(() => clearTimeout(timer));
  }

  /** Stops the thread. An invocation in progress fails with `reason`. */
  async end(reason: InvocationFailure): Promise<void> {
    this.reason ??= reason;
    this.settle?.(reason);
    this.ending ??= this.worker.terminate();
    await this.ending;
  }

  get ended(): boolean {
    return this.reason !== undefined;
  }
}

function crashed(error: Error): InvocationFailure {
  const isHeapFull = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return invocationFailure(isHeapFull ? 'Runtime.OutOfMemory' : error.name, error.message);
}

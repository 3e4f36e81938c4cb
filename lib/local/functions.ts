import { randomUUID } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Notify } from './notice.ts';

export interface FunctionConfig {
  readonly name: string;
  readonly arn: string;
  readonly folder: string; // where the unpacked bundle lies
  readonly handler: string; // "index.handler"
  readonly environment: Readonly<Record<string, string>>; // all of it: nothing of ours is inherited
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly logFile: string;
}

/** What came of an invocation. A function error is an answer: callers decide, as API Gateway and SQS do. */
export type Invocation =
  | { readonly ok: true; readonly payload: string } // JSON
  | { readonly ok: false; readonly errorType: string; readonly message: string };

type Failure = Extract<Invocation, { ok: false }>;

/** Lambda's limit on the payload of a synchronous invocation. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** Lambda ends an initialization that takes longer. */
const INIT_TIMEOUT_MS = 10_000;

/**
 * One Lambda function, in a worker thread that is started at its first invocation and again after a crash or timeout.
 * Invocations share the thread, as on Lambda Managed Instances: a crash or timeout fails all that are in flight.
 */
export class LocalFunction {
  private environment: Environment | undefined;
  private closed = false;

  constructor(
    readonly config: FunctionConfig,
    private readonly notify: Notify,
  ) {}

  /** @param event JSON */
  async invoke(event: string): Promise<Invocation> {
    if (this.closed) return failure('Runtime.Closed', 'the local runner is stopping');
    if (!this.environment || this.environment.ended) this.environment = new Environment(this.config);
    const result = await this.environment.invoke(event);
    if (!result.ok) {
      const { errorType, message } = result;
      this.notify({ kind: 'function-error', function: this.config.name, errorType, message });
    }
    return result;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.environment?.end(failure('Runtime.Closed', 'the local runner is stopping'));
  }
}

/** An execution environment: one life of a worker thread. */
class Environment {
  ended = false;
  private readonly worker: Worker;
  private readonly log: WriteStream;
  private readonly inFlight = new Map<string, (result: Invocation) => void>();
  private readonly ready: Promise<void>; // never rejects: a failed start ends the environment
  private ending: Promise<unknown> | undefined;

  constructor(private readonly config: FunctionConfig) {
    const { name, arn, memoryMb, folder, handler, environment, logFile } = config;
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
      execArgv: [], // no loader of ours in the function's thread
      stdout: true,
      stderr: true,
    });
    this.log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    this.log.on('error', () => undefined); // a full disk must not end the runner through a log
    this.worker.stdout.pipe(this.log, { end: false });
    this.worker.stderr.pipe(this.log, { end: false });
    this.ready = new Promise((resolve) => {
      const slow = failure('Runtime.InitTimeout', `Init took more than ${INIT_TIMEOUT_MS} ms`);
      const timer = setTimeout(() => this.end(slow), INIT_TIMEOUT_MS);
      const settle = () => {
        clearTimeout(timer);
        resolve();
      };
      this.worker.on('message', (message) => {
        if (message.ready) settle();
        else if (message.initError) this.end({ ok: false, ...message.initError });
        else
          this.settle(
            message.requestId,
            message.error ? { ok: false, ...message.error } : { ok: true, payload: message.payload },
          );
      });
      this.worker.once('error', (error) => this.end(failure(error.name, error.message)));
      this.worker.once('exit', (code) => {
        this.end(failure('Runtime.ExitError', `Runtime exited with code ${code}`));
        this.log.end();
        settle();
      });
    });
  }

  async invoke(event: string): Promise<Invocation> {
    const requestId = randomUUID();
    const result = new Promise<Invocation>((resolve) => this.inFlight.set(requestId, resolve));
    await this.ready;
    if (this.inFlight.has(requestId)) {
      const timeoutMs = this.config.timeoutSeconds * 1000;
      const late = failure('Sandbox.Timedout', `Task timed out after ${this.config.timeoutSeconds.toFixed(2)} seconds`);
      const timer = setTimeout(() => this.end(late), timeoutMs);
      result.then(() => clearTimeout(timer));
      this.worker.postMessage({ requestId, event, deadlineMs: Date.now() + timeoutMs });
    }
    return result;
  }

  /** Stops the thread; what is in flight ends as `reason` says. */
  async end(reason: Failure): Promise<void> {
    this.ended = true;
    for (const requestId of [...this.inFlight.keys()]) this.settle(requestId, reason);
    this.ending ??= this.worker.terminate();
    await this.ending;
  }

  private settle(requestId: string, result: Invocation): void {
    this.inFlight.get(requestId)?.(result);
    this.inFlight.delete(requestId);
  }
}

const failure = (errorType: string, message: string): Failure => ({ ok: false, errorType, message });

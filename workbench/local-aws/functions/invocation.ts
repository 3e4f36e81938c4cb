export interface FunctionConfig {
  readonly name: string;
  readonly arn: string;
  readonly folder: string; // folder of the unpacked bundle
  readonly handler: string; // "index.handler"
  readonly environment: Readonly<Record<string, string>>; // complete: inherits nothing from the runner
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly logFile: string;
  readonly concurrency: number; // maximum number of concurrent environments
}

/**
 * The result of an invocation. A function error is a value, not an exception: the caller handles it, as API Gateway and
 * SQS do.
 */
export type Invocation =
  | { readonly ok: true; readonly payload: string } // JSON
  | { readonly ok: false; readonly errorType: string; readonly message: string };

export type InvocationFailure = Extract<Invocation, { ok: false }>;

/** Error types of the runner, as opposed to those of the function. */
export const CLOSED = 'Runtime.Closed';
export const THROTTLED = 'TooManyRequestsException';

export const invocationFailure = (errorType: string, message: string): InvocationFailure => ({
  ok: false,
  errorType,
  message,
});

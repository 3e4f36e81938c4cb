export interface FunctionConfig {
  readonly name: string;
  readonly arn: string;
  readonly folder: string; // where the unpacked bundle lies
  readonly handler: string; // "index.handler"
  readonly environment: Readonly<Record<string, string>>; // all of it: nothing of ours is inherited
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly logFile: string;
  readonly concurrency: number; // environments at once
}

/** The result of an invocation. A function error is an answer: callers decide, as API Gateway and SQS do. */
export type Invocation =
  | { readonly ok: true; readonly payload: string } // JSON
  | { readonly ok: false; readonly errorType: string; readonly message: string };

export type InvocationFailure = Extract<Invocation, { ok: false }>;

/** The error types that come from the runner and not from the function. */
export const CLOSED = 'Runtime.Closed';
export const THROTTLED = 'TooManyRequestsException';

export const invocationFailure = (errorType: string, message: string): InvocationFailure => ({
  ok: false,
  errorType,
  message,
});

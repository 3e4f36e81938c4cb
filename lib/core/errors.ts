import { cut } from './text.ts';

interface Explanation {
  readonly problem: string;
  readonly consequence: string;
}

/** Codes are stable: logs and alarms refer to them. docs/reference/errors.md is generated from this. */
export const ERROR_CODES = {
  SQL_VALUE_UNSAFE: {
    problem: 'A value has no safe SQL literal: it contains NUL, half a surrogate pair or a number that is not finite.',
    consequence: 'Nothing is queued, and the event goes to the dead-letter queue.',
  },
  SQL_PLACEHOLDER_UNBOUND: {
    problem: 'The SQL has a `:name` without a binding.',
    consequence: 'Nothing is queued.',
  },
  SQL_BINDING_UNUSED: {
    problem: 'A binding has no `:name` in the SQL.',
    consequence: 'Nothing is queued.',
  },
  BODY_UNREADABLE: {
    problem: 'A request body is not JSON, nor gzip of JSON where the endpoint is `log`.',
    consequence:
      'The body of an enrolled node is stored in the quarantine and acknowledged. Any other request is refused.',
  },
  BODY_TOO_LARGE: {
    problem:
      'A gzip body grows beyond 10 MiB, or a body has more than a million values or 64 levels. Requests other than log and write may have 64 KiB and 500 values.',
    consequence: 'As for `BODY_UNREADABLE`.',
  },
  STORE_REFUSED: {
    problem: 'Firehose still refused records when time ran out.',
    consequence: 'The agent keeps its data and sends it again.',
  },
  ROW_UNREADABLE: {
    problem: "A row of the table does not have the expected shape. The message names the row's key and the path.",
    consequence:
      'The request or event fails and is tried again. An event goes to the dead-letter queue after five tries.',
  },
  POLICY_MISSING: {
    problem:
      'The table has no policy. The deployment of the stack writes the default policy into an empty table, so the deployment failed, or the rows were deleted.',
    consequence:
      'Agents keep their data and ask again, and events come back. Deploy the stack again, or push a policy with `mayfly policy push`.',
  },
  POLICY_TOO_LARGE: {
    problem: 'A version of the policy with its files does not fit one item of the table (400 KB compressed).',
    consequence: 'Nothing is pushed, and the live version stays active.',
  },
} as const satisfies Readonly<Record<string, Explanation>>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An expected failure with a code. Anything else is a bug and keeps its own type. */
export class MayflyError extends Error {
  override readonly name = 'MayflyError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

declare const traced: unique symbol;
/** An error as logs show it. Only `traceOf` makes one, so that every logged error has its stack. */
export type Trace = string & { readonly [traced]: true };

const MAX_CAUSES = 5; // the error itself included
const MAX_TRACE_UNITS = 8_000; // of UTF-16; CloudWatch takes far more, a reader does not

/**
 * The stack of an error and its causes. Other properties are left out, because SDK errors may contain table items.
 *
 * @example "STORE_REFUSED MayflyError: logs refused 3 of 9 records\n    at FirehoseSink…\ncaused by Error: …"
 */
export function traceOf(error: unknown): Trace {
  const parts = [stackOf(error)];
  let cause = causeOf(error);
  while (cause !== undefined && parts.length < MAX_CAUSES) {
    parts.push(stackOf(cause));
    cause = causeOf(cause);
  }
  return cut(parts.join('\ncaused by '), MAX_TRACE_UNITS) as Trace;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? String(error);
  return error instanceof MayflyError ? `${error.code} ${stack}` : stack;
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);

/** Codes are stable: logs, alarms and docs/reference/errors.md refer to them. */
export type ErrorCode =
  | 'SQL_VALUE_UNSAFE' // a value that SQLite cannot hold as text, or that osquery would cut
  | 'SQL_PLACEHOLDER_UNBOUND' // a `:name` in the SQL without a binding
  | 'SQL_BINDING_UNUSED' // a binding without its `:name`
  | 'BODY_UNREADABLE' // a request body that is not gzip or JSON although it says so
  | 'BODY_TOO_LARGE' // a request body that grows beyond our bound when inflated
  | 'STORE_REFUSED' // Firehose kept refusing records
  | 'POLICY_TOO_LARGE'; // a version of the policy that does not fit an item of the table

/** A failure we expected and can explain. Anything else is a bug and keeps its own type. */
export class MayflyError extends Error {
  override readonly name = 'MayflyError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

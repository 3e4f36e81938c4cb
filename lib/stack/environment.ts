/**
 * The environment variables the functions read: the words both sides agree on.
 *
 * `lambdas/<name>/env.ts` checks them at cold start. The stack imports no runtime code, so the names stand here a second
 * time; `test/lib/stack/mayfly.test.ts` lets each function read the environment that the template gives it.
 */
export const Variable = {
  /** The one table. */
  table: 'TABLE_NAME',
  /** Firehose streams, by what they carry. */
  resultsStream: 'RESULTS_STREAM_NAME',
  logsStream: 'LOGS_STREAM_NAME',
  quarantineStream: 'QUARANTINE_STREAM_NAME',
  /** Secrets are named by ARN; functions fetch the values themselves, so that no value stands in a template. */
  enrollSecret: 'ENROLL_SECRET_ARN',
  /** Enroll secrets with names of their own: `name=ARN`, blanks between them. */
  namedSecrets: 'NAMED_SECRET_ARNS',
  nodeKeySecret: 'NODE_KEY_SECRET_ARN',
  /** Whether hosts attest their instances, of which accounts they may be, and certificates besides AWS's. */
  attest: 'ATTEST',
  attestAccounts: 'ATTEST_ACCOUNTS',
  attestCertificates: 'ATTEST_CERTIFICATES',
  /** Mayfly's own bus, for what it tells. */
  bus: 'BUS_NAME',
  /** After so long a running instance without a node is a finding. */
  noAgentAfter: 'NO_AGENT_AFTER_SECONDS',
  /** How often the reconciler sweeps: what is promised of answers where no event comes. */
  sweepEvery: 'SWEEP_EVERY_SECONDS',
} as const;

/**
 * The environment variables that the functions read.
 *
 * `lambdas/<name>/env.ts` checks them at cold start. The stack imports no runtime code, so the names are repeated here;
 * `test/lib/stack/mayfly.test.ts` checks that each function can read the environment of the template.
 */
export const Variable = {
  /** The table. */
  table: 'TABLE_NAME',
  /** The end of AWS's host names in this partition. */
  urlSuffix: 'URL_SUFFIX',
  /** Firehose streams. */
  resultsStream: 'RESULTS_STREAM_NAME',
  logsStream: 'LOGS_STREAM_NAME',
  quarantineStream: 'QUARANTINE_STREAM_NAME',
  /** ARNs of secrets. Functions fetch the values, so no value is in a template. */
  enrollSecret: 'ENROLL_SECRET_ARN',
  /** Named enroll secrets: `name=ARN`, separated by blanks. */
  namedSecrets: 'NAMED_SECRET_ARNS',
  nodeKeySecret: 'NODE_KEY_SECRET_ARN',
  /** Attestation mode, allowed accounts, and certificates in addition to AWS's. */
  attest: 'ATTEST',
  attestAccounts: 'ATTEST_ACCOUNTS',
  attestCertificates: 'ATTEST_CERTIFICATES',
  /** Mayfly's own bus, for the events it sends. */
  bus: 'BUS_NAME',
  /** How long an instance may run without a node before it becomes a fleet issue. */
  noAgentAfter: 'NO_AGENT_AFTER_SECONDS',
  /** Where agents are expected; JSON, only if not everywhere. */
  expectAgents: 'EXPECT_AGENTS',
  /** The interval of sweeps, on which the bound for lost events depends. */
  sweepEvery: 'SWEEP_EVERY_SECONDS',
  /** Whether a long-poll front reads hints. */
  wakeHints: 'WAKE_HINTS',
  /** `distributed_interval` of all agents behind the long-poll front. */
  distributedInterval: 'DISTRIBUTED_INTERVAL',
} as const;

import type { LogEvent } from './log-event-fields.ts';

/** Log events of the reconciler: sweeps, the fleet and verdicts. */
export const SWEEP_EVENTS = {
  sweep_done: {
    level: 'INFO',
    meaning: 'The reconciler compared what runs in AWS with the ledger.',
    fields: {
      clusters: 'number',
      listed: { type: 'number', meaning: 'tasks' },
      described: { type: 'number', meaning: 'tasks' },
      found: { type: 'number', meaning: 'workloads without any earlier event' },
      caughtUp: { type: 'number', meaning: 'changes without an event' },
      ahead: { type: 'number', meaning: 'changes so recent that their events may still arrive' },
      instances: 'number',
      issues: { type: 'number', meaning: 'fleet issues' },
      spend: { type: 'counts', meaning: 'calls by API' },
      ecsCalls: { type: 'number', meaning: "calls from the account's shared ECS buckets" },
      failures: 'number',
      throttled: { type: 'boolean', meaning: 'ECS refused a call' },
      complete: { type: 'boolean', meaning: 'false when the next sweep continues this one' },
      durationMs: 'ms',
    },
  },
  sweep_skipped: {
    level: 'INFO',
    meaning: 'A sweep ended at once because another one was running.',
    fields: {},
  },
  sweep_failed: {
    level: 'ERROR',
    meaning: 'One part of a sweep failed. The sweep does the other parts, and the function fails at its end.',
    fields: {
      what: { type: 'string', meaning: 'a cluster, a task, an instance, a host or a fleet issue' },
      error: 'trace',
    },
  },
  fleet_counted: {
    level: 'INFO',
    meaning: 'Instances that have run long enough to have a node.',
    fields: {
      running: 'number or null',
      enrolled: 'number or null',
      withoutAgent: { type: 'number or null', meaning: 'running ones without a node' },
      silent: { type: 'number or null', meaning: 'enrolled ones whose agent stopped polling' },
    },
  },
  fleet_issue_opened: {
    level: 'WARN',
    meaning: 'Something is wrong with a host; `mayfly nodes` shows what to do.',
    fields: {
      kind: ['no-agent', 'agent-silent', 'identity-contested', 'identifier-shared', 'unattested', 'cleanup-too-short'],
      host: 'string',
      detail: 'string',
    },
  },
  verdicts_recorded: {
    level: 'INFO',
    meaning: 'Workloads got this verdict. Each workload counts once for a verdict.',
    fields: { cluster: 'string or null', verdict: 'string', reason: 'string or null', count: 'number' },
  },
  review_done: {
    level: 'INFO',
    meaning: 'A batch of workloads got their first verdict.',
    fields: { judged: 'number', covered: { type: 'number', meaning: 'those of them that were seen' } },
  },
} as const satisfies Readonly<Record<string, LogEvent>>;

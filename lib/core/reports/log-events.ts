import type { Trace } from '../errors.ts';

/** ERROR: the work failed, and is repeated or given up. WARN: it continued without something. INFO: it worked as intended. */
export type Level = 'INFO' | 'WARN' | 'ERROR';

/** What a field's type means in TypeScript. Units are types too: `ms` are milliseconds. */
interface TypeNames {
  readonly string: string;
  readonly 'string or null': string | null;
  readonly strings: readonly string[];
  readonly boolean: boolean;
  readonly number: number;
  readonly 'number or null': number | null;
  readonly bytes: number;
  readonly ms: number;
  readonly 'ms or null': number | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly trace: Trace;
}

/** A type by its name, or the texts that the field may hold. */
type FieldType = keyof TypeNames | readonly string[];

/** A field whose name and type do not say enough has a meaning, too. */
export type Field = FieldType | { readonly type: FieldType; readonly meaning: string };

export interface LogEvent {
  readonly level: Level;
  /** When it is written and what follows from it, in a sentence or two. */
  readonly meaning: string;
  readonly fields: Readonly<Record<string, Field>>;
}

const HOSTNAME = { type: 'string', meaning: 'as the agent reported it' } as const;
const SET = {
  type: 'string',
  meaning: '`live`, `last-gasp`, `post-mortem`, `launch`, `enrollment`, `log`, `request` or `campaign`',
} as const;
const ASKED_BY = { type: 'string', meaning: "as the asker's command reports it: an ARN, or a local user" } as const;
const WORKLOAD = { type: 'string or null', meaning: 'ECS task ARN or EC2 instance id' } as const;

/** What was queued. */
const QUEUED = {
  hosts: { type: 'number', meaning: 'how many hosts have to answer' },
  workload: {
    type: 'string or null',
    meaning: 'the ECS task ARN or EC2 instance id that it is about; null for none, or several',
  },
  queries: { type: 'strings', meaning: 'the queries, as `<rule>/<query>`, the first ten' },
} as const;

/** Fields of the two events about a query that ends without an answer. */
const GIVEN_UP = {
  host: 'string',
  rule: 'string',
  query: 'string',
  set: SET,
  offers: { type: 'number', meaning: 'how often the agent received the query' },
  alone: { type: 'number', meaning: 'how often it was the only query of the delivery' },
} as const;

/** Every event that Mayfly writes to its logs. docs/reference/log-events.md is generated from this. */
export const LOG_EVENTS = {
  request_failed: {
    level: 'ERROR',
    meaning:
      "An agent's request failed, because an AWS service refused or timed out or because of a bug. The agent keeps its data and tries again.",
    fields: { endpoint: ['enroll', 'config', 'log', 'read', 'write'], error: 'trace' },
  },
  read_retried: {
    level: 'WARN',
    meaning:
      "The short path for idle hosts could not read a host's partition. The whole API reads again, with the SDK's retries.",
    fields: { error: 'trace' },
  },
  enroll_refused: {
    level: 'WARN',
    meaning: 'An enroll request had a secret that is neither the current nor the previous one.',
    fields: { hostIdentifier: { type: 'string', meaning: 'the first 40 characters, ASCII only' } },
  },
  host_identifier_shared: {
    level: 'WARN',
    meaning:
      'A second agent enrolled under an identifier that is in use: a cloned image, two agents on one host, or a lost osquery database.',
    fields: {
      hostIdentifier: 'string',
      host: { type: 'string', meaning: 'the name that the second agent got' },
      hostname: HOSTNAME,
    },
  },
  enroll_unproven: {
    level: 'WARN',
    meaning:
      'An agent was refused because it enrolled under the identifier of a living agent and Mayfly could not tell the two apart, or it lacked the identity document that the other agent showed.',
    fields: { hostIdentifier: 'string', why: 'string' },
  },
  attestation_refused: {
    level: 'WARN',
    meaning:
      'An agent was refused because its instance identity document is missing, invalid or of another instance. The reply names the reason.',
    fields: { hostIdentifier: 'string', why: 'string' },
  },
  node_enrolled: {
    level: 'INFO',
    meaning: 'A node enrolled: a new one, or an old one after its grace period.',
    fields: { host: 'string', hostname: HOSTNAME, osquery: { type: 'string', meaning: 'the version of osquery' } },
  },
  queries_delivered: {
    level: 'INFO',
    meaning: 'A poll received queries.',
    fields: {
      host: 'string',
      wireIds: { type: 'strings', meaning: 'the ids of the queries, as the agent sees them' },
      waiting: { type: 'number', meaning: 'how many queries waited for the host, these included' },
      longestWaitMs: { type: 'ms', meaning: 'how long the oldest of them waited, at most since the enrollment' },
    },
  },
  answers_stored: {
    level: 'INFO',
    meaning: 'A distributed write brought answers.',
    fields: {
      host: 'string',
      answers: { type: 'number', meaning: 'how many' },
      wireIds: { type: 'strings', meaning: 'the first ten ids' },
      done: {
        type: 'boolean',
        meaning:
          'false if some are not stored yet, because time ran out or another request was storing them; the agent sends them again',
      },
    },
  },
  answer_timed: {
    level: 'INFO',
    meaning:
      "An answer to a live, last-gasp or post-mortem query proved something about a workload. Its fields say how long each stage took. A task's first answer counts from the first event about the task.",
    fields: {
      rule: 'string',
      cluster: 'string or null',
      set: SET,
      host: 'string',
      workload: WORKLOAD,
      source: { type: ['event', 'sweep'], meaning: 'how Mayfly learned of the change' },
      eventToReceivedMs: 'ms or null',
      receivedToQueuedMs: 'ms or null',
      queuedToDeliveredMs: 'ms or null',
      deliveredToAnsweredMs: 'ms or null',
      answeredToStoredMs: 'ms or null',
      timeToAnswerMs: 'ms',
    },
  },
  mtta_breached: {
    level: 'WARN',
    meaning:
      "A task's first answer or an instance's last gasp came later than its guaranteed bound. At most once a task. `mayfly mtta` lists those of tasks; last gasps appear only here.",
    fields: {
      rule: 'string',
      set: SET,
      host: 'string',
      workload: WORKLOAD,
      timeToAnswerMs: 'ms',
      lateMs: { type: 'ms', meaning: 'time beyond the bound' },
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
  instance_undescribed: {
    level: 'WARN',
    meaning: 'EC2 did not describe an instance that started. A sweep adds its image, tags and addresses later.',
    fields: { instance: 'string', error: 'trace' },
  },
  account_differs: {
    level: 'WARN',
    meaning: "An event about a task came from another account than the task's ARN names. The ARN counts.",
    fields: { workload: 'string', account: { type: 'string', meaning: 'the account of the event' } },
  },
  instance_named: {
    level: 'INFO',
    meaning: 'A host reported which EC2 instance it is.',
    fields: {
      host: 'string',
      instance: 'string',
      outcome: {
        type: ['learned', 'taken'],
        meaning: '`taken`: another host with better proof has that instance, so the report is ignored',
      },
    },
  },
  alias_corrected: {
    level: 'WARN',
    meaning:
      'An alias (an instance id) led to the wrong host. It is removed, and queries that were queued or delivered because of it and have not expired go to the right host.',
    fields: { alias: 'string', wrong: 'string', host: { type: 'string', meaning: 'the right host' } },
  },
  answer_disregarded: {
    level: 'WARN',
    meaning:
      'A host answered for an alias that belongs to another host now. Its rows are stored and prove nothing; the other host gets the query while there is time.',
    fields: { host: 'string', alias: 'string' },
  },
  log_stored_in_part: {
    level: 'WARN',
    meaning: 'A log batch took more time than the function had. The agent sends it again, and Mayfly stores the rest.',
    fields: { host: 'string', logType: 'string', stored: 'number', lines: 'number' },
  },
  body_quarantined: {
    level: 'WARN',
    meaning: 'A request body that can never be read was stored in the quarantine and acknowledged.',
    fields: { host: 'string', endpoint: 'string', reason: 'string', bytes: 'bytes' },
  },
  event_handled: {
    level: 'INFO',
    meaning: 'An event was handled.',
    fields: {
      messageId: 'string',
      kind: ['task', 'container-instance', 'launch', 'notice', 'end', 'campaign', 'other', 'ignored', 'malformed'],
      outcome: 'string',
      ...QUEUED,
      host: { type: 'string or null', meaning: 'the host that has to answer; null for none, or several' },
    },
  },
  queries_queued: {
    level: 'INFO',
    meaning:
      'Queries wait for the next poll of a host, without an event of their own: because it enrolled, because of a log row, of a last gasp, or of a workload that a sweep found. Queries of other events are in `event_handled`.',
    fields: { ...QUEUED, host: 'string' },
  },
  event_ignored: {
    level: 'INFO',
    meaning: 'An event needs no action, for example a container instance without an EC2 instance.',
    fields: { eventId: 'string', why: 'string' },
  },
  event_malformed: {
    level: 'WARN',
    meaning:
      'An event lacks a required member or is not JSON. It is not tried again; the next sweep finds what it was about.',
    fields: {
      why: { type: 'string', meaning: 'the path of the member, and what the event is about if that is known' },
    },
  },
  event_failed: {
    level: 'ERROR',
    meaning: 'An event failed and returns to its queue; after five tries it goes to the dead-letter queue.',
    fields: { messageId: 'string', error: 'trace' },
  },
  batch_unprepared: {
    level: 'WARN',
    meaning: 'Looking up the hosts of a whole batch failed. Each event looks up its own.',
    fields: { error: 'trace' },
  },
  policy_deployed: {
    level: 'INFO',
    meaning: 'A deployment of the stack looked for a policy in the table, and wrote the default one if there was none.',
    fields: { request: 'string', isSeeded: 'boolean' },
  },
  policy_seed_failed: {
    level: 'ERROR',
    meaning: 'The default policy could not be written, and the deployment of the stack fails.',
    fields: { error: 'trace' },
  },
  policy_loaded: {
    level: 'INFO',
    meaning: 'A function started to use a new version of the policy.',
    fields: { version: 'number', digest: 'string' },
  },
  policy_refresh_failed: {
    level: 'ERROR',
    meaning: 'The function could not read the current policy and keeps using the version named here.',
    fields: { version: 'number', error: 'trace' },
  },
  query_refused: {
    level: 'WARN',
    meaning: 'A query could not be queued, or some ids had to be left out of it.',
    fields: {
      host: 'string',
      workload: WORKLOAD,
      rule: 'string',
      query: 'string',
      problem: {
        type: 'string',
        meaning:
          "`binding-empty`, `binding-not-scalar`, `unsafe-id`, `unsafe-value`, `too-large` or `not-on-platform` (the host's platform lacks one of the query's tables)",
      },
      count: { type: 'number', meaning: 'how often for one trigger or one log request' },
    },
  },
  query_dropped: {
    level: 'WARN',
    meaning:
      'A limit of the policy dropped a query. The ledger records `limited`, except for a last gasp that another notice asked for a moment ago. Queries about GuardDuty findings are never dropped.',
    fields: {
      host: 'string',
      rule: 'string',
      query: 'string',
      limit: ['pendingPerHost', 'spacingSeconds'],
      count: { type: 'number', meaning: 'how often for one trigger or one log request' },
    },
  },
  query_unanswered: {
    level: 'WARN',
    meaning:
      'The agent received a query several times, kept polling and never answered. Mayfly gives the query up: its rows do not fit one request, or the query kills the agent. The results have a line with `givenUp` for each trigger.',
    fields: GIVEN_UP,
  },
  agent_was_silent: {
    level: 'WARN',
    meaning:
      'A delivered query expired because its agent stopped polling. The results have a line with `givenUp` for each trigger.',
    fields: GIVEN_UP,
  },
  giving_up_failed: {
    level: 'ERROR',
    meaning: 'The lines about queries that were given up could not be stored. The next poll tries again.',
    fields: { host: 'string', error: 'trace' },
  },
  hook_completed: {
    level: 'INFO',
    meaning: "A terminate hook of Mayfly's was completed.",
    fields: {
      group: 'string',
      hook: 'string',
      instance: 'string or null',
      outcome: { type: ['completed', 'over'], meaning: '`over`: the group had stopped waiting' },
      heldMs: { type: 'ms', meaning: 'how long the instance was held' },
    },
  },
  hook_nameless: {
    level: 'WARN',
    meaning:
      "The event of a terminate hook of Mayfly's names neither token nor instance. Mayfly can ask no host and cannot complete the hook; it ends with its heartbeat.",
    fields: { group: 'string', hook: 'string' },
  },
  hold_disturbed: {
    level: 'WARN',
    meaning: 'A step failed while an instance was held. It is repeated after a second while there is time.',
    fields: {
      group: 'string',
      hook: 'string',
      instance: 'string or null',
      what: {
        type: ['asking', 'looking', 'completing'],
        meaning: 'queueing the queries, reading the queue for what is unanswered, or completing the hook',
      },
      error: 'trace',
    },
  },
  heartbeat_unknown: {
    level: 'WARN',
    meaning: "Auto Scaling did not return a hook's heartbeat. Mayfly assumes the shortest one (30 s).",
    fields: { group: 'string', hook: 'string', error: 'trace' },
  },
  instance_ended: {
    level: 'INFO',
    meaning: 'An instance was terminated.',
    fields: {
      instance: 'string',
      host: { type: 'string or null', meaning: 'its host, if it had enrolled' },
      withdrawn: { type: 'number', meaning: 'how many pending queries were removed' },
    },
  },
  ended_host_refused: {
    level: 'WARN',
    meaning:
      'A host whose instance was terminated tried to enroll. Its agent lives for some seconds more. If this repeats, an instance made from its image uses its identifier.',
    fields: { hostIdentifier: 'string' },
  },
  revoked_host_refused: {
    level: 'WARN',
    meaning: 'A host that an operator revoked (`mayfly node revoke`) tried to enroll.',
    fields: { hostIdentifier: 'string' },
  },
  rule_without_host: {
    level: 'WARN',
    meaning:
      'A rule matched an event, but the event names no host, or a finding is about a host that is unknown or gone.',
    fields: {
      rule: 'string',
      eventId: 'string',
      why: { type: 'string', meaning: 'the reason, with the host and its account' },
    },
  },
  task_definition_unknown: {
    level: 'WARN',
    meaning:
      'ECS did not describe a task definition, so all containers of its tasks count as essential for now. Mayfly retries every minute and reports it once; a sweep without calls left does not report it.',
    fields: { taskDefinition: 'string', error: 'trace' },
  },
  fan_out_limited: {
    level: 'WARN',
    meaning:
      'A rule reached `hosts_per_trigger` hosts, and there were more that matched or that an attack sequence named.',
    fields: { rule: 'string', cause: 'string', hosts: 'number' },
  },
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
  hints_unreadable: {
    level: 'WARN',
    meaning:
      'The long-poll front cannot read hints. Until it can, held reads find queries only at the end of their holds, 12 s at most.',
    fields: { error: 'trace' },
  },
  front_started: {
    level: 'INFO',
    meaning: 'A process of the long-poll front accepts connections.',
    fields: { port: 'number', pid: 'number' },
  },
  front_measured: {
    level: 'INFO',
    meaning: 'One process of the long-poll front, once a minute and at its end.',
    fields: {
      held: { type: 'number', meaning: 'reads that are held' },
      connections: 'number',
      requests: { type: 'number', meaning: 'since the last time, as are the next two' },
      refused: {
        type: 'number',
        meaning: 'connections and requests of addresses with too many that had not shown a valid node key',
      },
      tooLarge: {
        type: 'number',
        meaning:
          'bodies of more than 10 MB. They are thrown away and acknowledged, or their agents would send them for ever',
      },
    },
  },
  front_stopping: {
    level: 'INFO',
    meaning:
      'A process of the long-poll front was asked to end. It answers its held reads and finishes the other requests.',
    fields: { held: 'number', connections: 'number' },
  },
  campaign_queued: {
    level: 'INFO',
    meaning: 'The query of a campaign is queued for every host of its target. Who asked what of whom.',
    fields: {
      campaign: 'string',
      askedBy: ASKED_BY,
      target: { type: 'string', meaning: 'in the words of the asker' },
      sql: 'string',
      hosts: 'number',
      isLimited: { type: 'boolean', meaning: 'whether more hosts match than `hosts_per_trigger` allows' },
    },
  },
  campaign_refused: {
    level: 'WARN',
    meaning: 'A campaign asks no host, for example because the policy forbids it. `mayfly query` shows the reason.',
    fields: { campaign: 'string', askedBy: ASKED_BY, target: 'string', why: 'string' },
  },
  campaign_cancelled: {
    level: 'INFO',
    meaning: 'A campaign was cancelled: its pending queries are withdrawn.',
    fields: { campaign: 'string', hosts: { type: 'number', meaning: 'hosts that had not answered' } },
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
} as const satisfies Readonly<Record<string, LogEvent>>;

export type EventName = keyof typeof LOG_EVENTS;

type ValueOf<F> = F extends keyof TypeNames
  ? TypeNames[F]
  : F extends readonly (infer Text)[]
    ? Text
    : F extends { readonly type: infer Type }
      ? ValueOf<Type>
      : never;

/** The fields of a report of this event. */
export type FieldsOf<E extends EventName> = {
  readonly [F in keyof (typeof LOG_EVENTS)[E]['fields']]: ValueOf<(typeof LOG_EVENTS)[E]['fields'][F]>;
};

import { type LogEvent, QUEUED } from './log-event-fields.ts';

const SET = {
  type: 'string',
  meaning: '`live`, `last-gasp`, `post-mortem`, `launch`, `enrollment`, `log`, `request` or `campaign`',
} as const;

const ASKED_BY = { type: 'string', meaning: "as the asker's command reports it: an ARN, or a local user" } as const;

const WORKLOAD = { type: 'string or null', meaning: 'ECS task ARN or EC2 instance id' } as const;

/** Fields of the two events about a query that ends without an answer. */
const GIVEN_UP = {
  host: 'string',
  rule: 'string',
  query: 'string',
  set: SET,
  offers: { type: 'number', meaning: 'how often the agent received the query' },
  alone: { type: 'number', meaning: 'how often it was the only query of the delivery' },
} as const;

/** Log events about queries: queued, delivered, answered, given up. */
export const QUERY_EVENTS = {
  queries_queued: {
    level: 'INFO',
    meaning:
      'Queries wait for the next poll of a host, without an event of their own: because it enrolled, because of a log row, of a last gasp, or of a workload that a sweep found. Queries of other events are in `event_handled`.',
    fields: { ...QUEUED, host: 'string' },
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
  answer_disregarded: {
    level: 'WARN',
    meaning:
      'A host answered for an alias that belongs to another host now. Its rows are stored and prove nothing; the other host gets the query while there is time.',
    fields: { host: 'string', alias: 'string' },
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
      'A limit of the policy dropped a query, or more than 2,000 rows of a log matched at once (`rowsAtOnce`). The ledger records `limited`, except for a last gasp that another notice asked for a moment ago. Queries about GuardDuty findings are never dropped.',
    fields: {
      host: 'string',
      rule: 'string',
      query: 'string',
      limit: ['pendingPerHost', 'spacingSeconds', 'rowsAtOnce'],
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
  fan_out_limited: {
    level: 'WARN',
    meaning:
      'A rule reached `hosts_per_trigger` hosts, and there were more that matched or that an attack sequence named.',
    fields: { rule: 'string', cause: 'string', hosts: 'number' },
  },
  campaign_queued: {
    level: 'INFO',
    meaning: 'The query of a campaign is queued for every host of its target. It records who asked which hosts what.',
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
} as const satisfies Readonly<Record<string, LogEvent>>;

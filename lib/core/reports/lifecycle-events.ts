import { type LogEvent, QUEUED } from './log-event-fields.ts';

/** Log events about events: of tasks, instances, hooks and rules. */
export const LIFECYCLE_EVENTS = {
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
  account_differs: {
    level: 'WARN',
    meaning: "An event about a task came from another account than the task's ARN names. The ARN counts.",
    fields: { workload: 'string', account: { type: 'string', meaning: 'the account of the event' } },
  },
  task_definition_unknown: {
    level: 'WARN',
    meaning:
      'ECS did not describe a task definition, so all containers of its tasks count as essential for now. Mayfly retries every minute and reports it once; a sweep without calls left does not report it.',
    fields: { taskDefinition: 'string', error: 'trace' },
  },
  instance_undescribed: {
    level: 'WARN',
    meaning: 'EC2 did not describe an instance that started. A sweep adds its image, tags and addresses later.',
    fields: { instance: 'string', error: 'trace' },
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
} as const satisfies Readonly<Record<string, LogEvent>>;

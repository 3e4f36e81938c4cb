import type { LogEvent } from './log-event-fields.ts';

/** Log events of the long-poll front. */
export const FRONT_EVENTS = {
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
          'bodies of more than 10 MB. They are discarded and acknowledged, because their agents would send them forever',
      },
    },
  },
  front_stopping: {
    level: 'INFO',
    meaning:
      'A process of the long-poll front was asked to end. It answers its held reads and finishes the other requests.',
    fields: { held: 'number', connections: 'number' },
  },
  hints_unreadable: {
    level: 'WARN',
    meaning:
      'The long-poll front cannot read hints. Until it can, held reads find queries only at the end of their holds, 12 s at most.',
    fields: { error: 'trace' },
  },
} as const satisfies Readonly<Record<string, LogEvent>>;

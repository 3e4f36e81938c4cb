import { AGENT_EVENTS } from './agent-events.ts';
import { FRONT_EVENTS } from './front-events.ts';
import { LIFECYCLE_EVENTS } from './lifecycle-events.ts';
import type { LogEvent, ValueOf } from './log-event-fields.ts';
import { POLICY_EVENTS } from './policy-events.ts';
import { QUERY_EVENTS } from './query-events.ts';
import { SWEEP_EVENTS } from './sweep-events.ts';

/** Every event that Mayfly writes to its logs. docs/reference/log-events.md is generated from this. */
export const LOG_EVENTS = {
  ...AGENT_EVENTS,
  ...QUERY_EVENTS,
  ...LIFECYCLE_EVENTS,
  ...SWEEP_EVENTS,
  ...POLICY_EVENTS,
  ...FRONT_EVENTS,
} as const satisfies Readonly<Record<string, LogEvent>>;

export type EventName = keyof typeof LOG_EVENTS;

/** The fields of a report of this event. */
export type FieldsOf<E extends EventName> = {
  readonly [F in keyof (typeof LOG_EVENTS)[E]['fields']]: ValueOf<(typeof LOG_EVENTS)[E]['fields'][F]>;
};

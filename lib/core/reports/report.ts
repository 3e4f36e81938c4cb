import type { EventName, FieldsOf } from './log-events.ts';

/** Writes a log event. Fields must not contain secrets, node keys or rows. Idle polls write none. */
export type Report = <E extends EventName>(event: E, fields: FieldsOf<E>) => void;

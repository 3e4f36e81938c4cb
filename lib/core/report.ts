import type { EventName, FieldsOf } from './log-events.ts';

/** Writes a line about something worth one; an idle poll is not. Fields hold no secret, no node key and no row. */
export type Report = <E extends EventName>(event: E, fields: FieldsOf<E>) => void;

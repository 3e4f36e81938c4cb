import { eventFunction } from '../../lib/aws/event-function.ts';

/** Requests and other events on Mayfly's own bus that rules can match. */
export const handler = eventFunction(process.env);

import { eventFunction } from '../../lib/aws/event-function.ts';

/** Requests, and whatever else others put on Mayfly's own bus for the rules. */
export const handler = eventFunction(process.env);

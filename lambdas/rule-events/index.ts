import { eventFunction } from '../../lib/aws/event-function.ts';

/** Events that only the policy's rules are interested in, and requests on Mayfly's own bus. */
export const handler = eventFunction(process.env);

import { eventFunction } from '../../lib/aws/event-function.ts';

/** GuardDuty findings. */
export const handler = eventFunction(process.env);

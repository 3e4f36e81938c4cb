import { eventFunction } from '../../lib/aws/event-function.ts';

/** EC2 instances that came up, as EC2 or their Auto Scaling group says, and those that were terminated. */
export const handler = eventFunction(process.env);

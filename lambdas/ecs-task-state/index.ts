import { eventFunction } from '../../lib/aws/event-function.ts';

/** ECS task state changes and container-instance state changes. */
export const handler = eventFunction(process.env);

import { setTimeout as pause } from 'node:timers/promises';
import { eventFunction } from '../../lib/aws/event-function.ts';
import { AutoScalingHooks } from '../../lib/aws/triggers/lifecycle-hooks.ts';
import { within } from './time-limit.ts';

/** Terminating instances that a lifecycle hook holds until they have answered. Only this function completes hooks. */
export const handler = eventFunction(process.env, {
  holding: { hooks: new AutoScalingHooks(Date.now), pause, within },
});

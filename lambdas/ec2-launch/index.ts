import { EC2Client } from '@aws-sdk/client-ec2';
import { SHORT_TIMEOUTS } from '../../lib/aws/calls/timeouts.ts';
import { eventFunction } from '../../lib/aws/event-function.ts';
import { describeInstance } from '../../lib/aws/inventory/ec2-inventory.ts';

/** EC2 instances: launches (from EC2 or their Auto Scaling group), Spot interruptions, and terminations. */
export const handler = eventFunction(process.env, {
  describeInstance: describeInstance(new EC2Client(SHORT_TIMEOUTS)),
});

import { EC2Client } from '@aws-sdk/client-ec2';
import { describeInstance } from '../../lib/aws/ec2-inventory.ts';
import { eventFunction } from '../../lib/aws/event-function.ts';
import { PROMPT } from '../../lib/aws/prompt.ts';

/** EC2 instances that came up, as EC2 or their Auto Scaling group says, that Spot takes away, and that were terminated. */
export const handler = eventFunction(process.env, { describeInstance: describeInstance(new EC2Client(PROMPT)) });

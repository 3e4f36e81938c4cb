import { EC2Client } from '@aws-sdk/client-ec2';
import { describeInstance } from '../../lib/aws/ec2-inventory.ts';
import { eventFunction } from '../../lib/aws/event-function.ts';
import { PROMPT } from '../../lib/aws/prompt.ts';

/** EC2 instances: launches (from EC2 or their Auto Scaling group), Spot interruptions, and terminations. */
export const handler = eventFunction(process.env, { describeInstance: describeInstance(new EC2Client(PROMPT)) });

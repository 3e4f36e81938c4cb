import { EC2Client } from '@aws-sdk/client-ec2';
import { describeInstance } from '../../lib/aws/ec2-inventory.ts';
import { eventHandler, readEnv, ruleDeps } from '../../lib/aws/event-function.ts';
import { PROMPT } from '../../lib/aws/prompt.ts';
import { openTable } from '../../lib/aws/table.ts';

const table = openTable(readEnv(process.env).TABLE_NAME);

/** EC2 instances that came up, as EC2 or their Auto Scaling group says, that Spot takes away, and that were terminated. */
export const handler = eventHandler({ ...ruleDeps(table), describeInstance: describeInstance(new EC2Client(PROMPT)) });

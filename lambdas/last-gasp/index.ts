import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { eventHandler, readEnv, ruleDeps } from '../../lib/aws/event-function.ts';
import { AutoScalingHooks } from '../../lib/aws/lifecycle-hooks.ts';
import { PROMPT } from '../../lib/aws/prompt.ts';
import { openTable } from '../../lib/aws/table.ts';

const table = openTable(readEnv(process.env).TABLE_NAME, new DynamoDBClient(PROMPT));

/** Instances that will be taken away: Spot's notices, rebalance recommendations, and hooks, which it alone completes. */
export const handler = eventHandler({ ...ruleDeps(table), hold: { hooks: new AutoScalingHooks(Date.now), pause } });

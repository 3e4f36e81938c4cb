import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoHostQueue } from '../../lib/aws/host-queue.ts';
import { DynamoLedger } from '../../lib/aws/ledger.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../lib/aws/node-registry.ts';
import { openTable } from '../../lib/aws/table.ts';
import { defaultPolicy } from '../../lib/core/policy/default-policy.ts';
import { readEnv } from './env.ts';
import { createHandler } from './handler.ts';

const table = openTable(readEnv(process.env).TABLE_NAME);
const logger = new Logger();

export const handler = createHandler(
  {
    ledger: new DynamoLedger(table),
    queue: new DynamoHostQueue(table),
    registry: new DynamoNodeRegistry(table),
    aliases: new DynamoAliases(table),
    policy: defaultPolicy,
    now: Date.now,
  },
  (event, fields) => logger.info(event, fields),
);

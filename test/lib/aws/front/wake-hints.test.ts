import { beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoNodeRegistry } from '../../../../lib/aws/nodes/node-registry.ts';
import { DynamoHostQueue } from '../../../../lib/aws/queue/host-queue.ts';
import { openTable, type Table, withHints } from '../../../../lib/aws/table/table.ts';
import { aNode } from '../../../support/a-node.ts';
import { aPendingQuery } from '../../../support/builders.ts';
import { aTable, dynamodb } from '../../../support/dynamodb.ts';
import { DynamoTap } from '../../../support/dynamodb-tap.ts';
import { everything } from '../../../support/scan.ts';
import { T0 } from '../../../support/times.ts';

let table: Table;
let tap: DynamoTap;
beforeEach(async () => {
  const client = dynamodb();
  tap = new DynamoTap(client);
  table = openTable((await aTable()).name, client);
});

const partitions = async () => new Set((await everything(table)).map(({ pk }) => String(pk).split('#')[0]));
const callNames = () => tap.calls.map(({ name }) => name);

describe('a deployment without a long-poll front', () => {
  it('writes no hints, and queues a query or ends a node with one plain write', async () => {
    await new DynamoHostQueue(table).enqueue(aPendingQuery(1));
    const registry = new DynamoNodeRegistry(table);
    await registry.enroll(aNode('h1'), undefined);
    await registry.end('h1', T0);
    expect(callNames()).toEqual(['PutItemCommand', 'PutItemCommand', 'UpdateItemCommand']);
    expect(await partitions()).toEqual(new Set(['HOST']));
  });
});

describe('a deployment with a long-poll front', () => {
  it('writes the hint before the change, so that no change can be without one, and queues at the price of plain writes', async () => {
    const hinted = withHints(table, () => T0);
    await new DynamoNodeRegistry(hinted).enroll(aNode('h1'), undefined);
    tap.calls.length = 0;
    await new DynamoHostQueue(hinted).enqueue(aPendingQuery(1));
    await new DynamoHostQueue(hinted).enqueueSpaced([{ query: aPendingQuery(2) }, { query: aPendingQuery(3) }], T0);
    await new DynamoNodeRegistry(hinted).end('h1', T0);
    const partitionsOf = tap.calls.map(({ input }) => JSON.stringify(input.Item ?? input.Key).match(/WAKE|HOST/)?.[0]);
    expect(partitionsOf).toEqual(['WAKE', 'HOST', 'WAKE', 'HOST', 'HOST', 'WAKE', 'HOST']);
    expect(callNames()).not.toContain('TransactWriteItemsCommand');
    const hints = (await everything(table)).filter(({ pk }) => String(pk).startsWith('WAKE#'));
    expect(hints).toHaveLength(3); // one for both queries that were queued together
    expect(hints.map(({ expiresAt }) => expiresAt)).toEqual([1, 2, 3].map(() => T0 / 1000 + 300));
  });

  it('changes nothing if the hint cannot be written, and reports an error, so that its caller tries again', async () => {
    const hinted = withHints(table, () => T0);
    tap.failAll();
    await expect(new DynamoHostQueue(hinted).enqueue(aPendingQuery(1))).rejects.toThrow('Rate exceeded');
    await expect(new DynamoNodeRegistry(hinted).end('h1', T0)).rejects.toThrow('Rate exceeded');
    expect(JSON.stringify(tap.calls.map(({ input }) => input.Item ?? input.Key))).not.toContain('HOST#');
    tap.heal();
    expect(await everything(table)).toEqual([]);
  });
});

import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { openTable, type Table } from '../../../../lib/aws/table/table.ts';
import { type Put, putInTransaction } from '../../../../lib/aws/table/transaction.ts';
import { aTable, dynamodb } from '../../../support/dynamodb.ts';
import { DynamoTap } from '../../../support/dynamodb-tap.ts';
import { everything } from '../../../support/scan.ts';

let table: Table;
let tap: DynamoTap;
beforeEach(async () => {
  const client = dynamodb();
  tap = new DynamoTap(client);
  table = openTable((await aTable()).name, client);
});

const aPut = (sk: string): Put => ({ Item: { pk: 'p', sk }, ConditionExpression: 'attribute_not_exists(pk)' });
const keys = async () => (await everything(table)).map(({ sk }) => sk);

const cancelled = (...codes: readonly string[]) =>
  new TransactionCanceledException({
    message: codes.join(),
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

/** Makes the next calls fail with these errors, one after another. */
const failWith = (...errors: readonly Error[]): void => {
  const left = [...errors];
  tap.fault = () => left.shift();
};

describe('items written in one transaction', () => {
  it('cost one request', async () => {
    expect(await putInTransaction(table, ['a', 'b', 'c'].map(aPut))).toEqual(new Set());
    expect(tap.calls).toHaveLength(1);
    expect(await keys()).toEqual(['a', 'b', 'c']);
  });

  it('are all left out if one condition fails, and the result names it', async () => {
    await putInTransaction(table, [aPut('b')]);
    const [a, b, c] = [aPut('a'), aPut('b'), aPut('c')];
    expect(await putInTransaction(table, [a, b, c])).toEqual(new Set([b]));
    expect(await keys()).toEqual(['b']);
  });

  it.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'are retried after a %s',
    async (code) => {
      failWith(cancelled('None', code), cancelled(code, 'None'));
      expect(await putInTransaction(table, ['a', 'b'].map(aPut))).toEqual(new Set());
      expect(tap.calls).toHaveLength(3);
      expect(await keys()).toEqual(['a', 'b']);
    },
  );

  it('fail if the conflict persists', async () => {
    tap.fault = () => cancelled('TransactionConflict');
    await expect(putInTransaction(table, [aPut('a')])).rejects.toThrow('TransactionConflict');
    expect(tap.calls).toHaveLength(6);
  });

  it('fail at once with any other error', async () => {
    failWith(cancelled('None', 'ValidationError'));
    await expect(putInTransaction(table, ['a', 'b'].map(aPut))).rejects.toThrow('ValidationError');
    failWith(new Error('no network'));
    await expect(putInTransaction(table, [aPut('a')])).rejects.toThrow('no network');
    expect(tap.calls).toHaveLength(2);
  });
});

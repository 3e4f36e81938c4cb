import { setImmediate as turn } from 'node:timers/promises';
import { openTable, type Table } from '../../lib/aws/table/table.ts';
import { dynamodb } from './dynamodb.ts';

/**
 * Runs processes whose DynamoDB calls interleave in a given order, one call at a time. At each step `order` selects
 * which of the waiting calls goes next (modulo their number; the first one when `order` is used up).
 */
export async function interleave<T>(
  { name }: Table,
  order: readonly number[],
  processes: readonly ((table: Table) => Promise<T>)[],
): Promise<T[]> {
  const waiting: (() => Promise<void>)[] = [];
  const gate = <R>(call: () => Promise<R>): Promise<R> =>
    new Promise((resolve, reject) => {
      waiting.push(() => call().then(resolve, reject));
    });
  const gated = (): Table => {
    const client = dynamodb();
    client.middlewareStack.add((next) => (args) => gate(() => next(args)), { step: 'initialize', name: 'gate' });
    return openTable(name, client);
  };

  let running = processes.length;
  const results = Promise.allSettled(
    processes.map((process) =>
      process(gated()).finally(() => {
        running -= 1;
      }),
    ),
  );
  const turns = [...order];
  while (running > 0) {
    await turn(); // by now every process waits for DynamoDB or has ended
    const [call] = waiting.splice((turns.shift() ?? 0) % Math.max(1, waiting.length), 1);
    await call?.();
  }
  return (await results).map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

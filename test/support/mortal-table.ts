import { openTable, type Table } from '../../lib/aws/table/table.ts';
import { dynamodb } from './dynamodb.ts';
import type { Mortal } from './mortal.ts';

const READS = new Set(['GetItemCommand', 'QueryCommand', 'BatchGetItemCommand', 'GetCommand', 'BatchGetCommand']);

/** The same table, through the client of a process that can die. */
export function mortalTable(mortal: Mortal, { name }: Table): Table {
  const client = dynamodb();
  client.middlewareStack.add(
    (next, context) => (args) => {
      const make = () => next(args);
      return READS.has(String(context.commandName)) ? mortal.read(make) : mortal.write(make);
    },
    { step: 'initialize', name: 'mortal' },
  );
  return openTable(name, client);
}

import type { Table } from '../../lib/aws/table/table.ts';

export interface CountedUnits {
  /** The capacity units that the table's calls consumed since the start or the last look. */
  counted(): { readonly reads: number; readonly writes: number };
}

interface Consumed {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number } | readonly { readonly CapacityUnits?: number }[];
}

const READS = new Set(['GetItemCommand', 'QueryCommand', 'BatchGetItemCommand']);

/** Makes DynamoDB report what each call of the table consumes, and adds it up. */
export function countUnits(table: Table): CountedUnits {
  let [reads, writes] = [0, 0];
  table.db.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
      const { ConsumedCapacity = [] }: Consumed = Object(result.output);
      const units = [ConsumedCapacity].flat().reduce((sum, { CapacityUnits = NaN }) => sum + CapacityUnits, 0);
      if (READS.has(String(context.commandName))) reads += units;
      else writes += units;
      return result;
    },
    { step: 'initialize', name: 'units' },
  );
  return {
    counted: () => {
      const sums = { reads, writes };
      [reads, writes] = [0, 0];
      return sums;
    },
  };
}

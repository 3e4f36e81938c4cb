import { CfnGlobalTable, CfnTable, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Stack } from 'aws-cdk-lib/core';

/** What a table must have, as text: keys with their types, the index, and the attribute of TTL. */
const KEYS = 'pk (S, HASH) and sk (S, RANGE)';
const INDEX = 'byDay with day (S, HASH) and firstReceivedAtMs (N, RANGE)';
const TTL = 'expiresAt';

/**
 * Checks a table that is defined in the same app. A table that is imported by its name cannot be checked here; its deployment
 * fails if the keys differ.
 *
 * @throws naming the property, what the table has, and what it has to have
 */
export function checkTable(table: ITable): void {
  if (typeof table?.tableName !== 'string')
    throw new Error(`table is ${JSON.stringify(table)}: it has to be a table, such as Table.fromTableName(…)`);
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnTable || resource instanceof CfnGlobalTable)) return;
  const found = shapeOf(resource);
  if (found.keys !== KEYS) throw wrong('the keys', found.keys, KEYS);
  if (!found.indexes.includes(INDEX)) throw wrong('the indexes', found.indexes.join('; ') || 'none', INDEX);
  if (found.ttl !== TTL) throw wrong('the TTL attribute', found.ttl, TTL);
}

const wrong = (what: string, found: string, needed: string): Error =>
  new Error(`table has ${what} ${found}: it has to have ${needed}`);

interface Key {
  readonly attributeName: string;
  readonly keyType: string;
}

function shapeOf(resource: CfnTable | CfnGlobalTable) {
  const resolve = (value: unknown) => Stack.of(resource).resolve(value) ?? [];
  const types = new Map<string, string>(
    resolve(resource.attributeDefinitions).map((one: { attributeName: string; attributeType: string }) => [
      one.attributeName,
      one.attributeType,
    ]),
  );
  const keysIn = (schema: readonly Key[]): string =>
    schema
      .map(({ attributeName, keyType }) => `${attributeName} (${types.get(attributeName)}, ${keyType})`)
      .join(' and ');
  return {
    keys: keysIn(resolve(resource.keySchema)),
    indexes: resolve(resource.globalSecondaryIndexes).map(
      ({ indexName, keySchema }: { indexName: string; keySchema: readonly Key[] }) =>
        `${indexName} with ${keysIn(keySchema)}`,
    ) as readonly string[],
    ttl: String(resolve(resource.timeToLiveSpecification).attributeName ?? 'none'),
  };
}

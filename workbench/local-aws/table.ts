import type {
  AttributeDefinition,
  CreateTableCommandInput,
  GlobalSecondaryIndex,
  KeySchemaElement,
  TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { RunCredentials } from './access/credentials.ts';
import { LocalError } from './machine/local-error.ts';
import type { Resource } from './template/template.ts';

/**
 * Creates the template's table on the DynamoDB at `endpoint`, unless an earlier run created it. Adds indexes that are
 * new in the template.
 *
 * @throws {LocalError} if a table of that name has other keys than the template's
 */
export async function ensureTable(
  endpoint: string,
  region: string,
  table: Resource,
  credentials: RunCredentials,
): Promise<void> {
  const { DynamoDB } = await import('@aws-sdk/client-dynamodb'); // takes 60 ms: not for a broken template
  const client = new DynamoDB({ endpoint, region, credentials });
  const wanted = definitionOf(table);
  const describe = () => client.describeTable({ TableName: table.name });
  try {
    const existing = await describe().catch(nothingIf('ResourceNotFoundException'));
    // dynoxide finishes at once; other implementations take a moment.
    const settled = async () => {
      while (!isActive((await describe()).Table));
    };
    if (existing) {
      const missing = missingIndexes(wanted, existing.Table ?? {});
      refuseOtherKeys(
        wanted,
        { ...existing.Table, GlobalSecondaryIndexes: [...indexesOf(existing.Table), ...missing] },
        endpoint,
      );
      for (const Create of missing) {
        await client.updateTable({
          TableName: table.name,
          AttributeDefinitions: wanted.AttributeDefinitions,
          GlobalSecondaryIndexUpdates: [{ Create }],
        });
        await settled();
      }
      return;
    }
    await client.createTable(wanted);
    await settled();
    const ttl = table.properties.TimeToLiveSpecification;
    if (ttl) {
      // Every reader checks expiry itself, so a DynamoDB without TTL works too.
      await client
        .updateTimeToLive({
          TableName: table.name,
          TimeToLiveSpecification: ttl as { AttributeName: string; Enabled: boolean },
        })
        .catch(nothingIf('UnknownOperationException'));
    }
  } catch (cause) {
    if (cause instanceof LocalError) throw cause;
    const reason = String(Object(cause).message).replace('AWS SDK error wrapper for Error: ', '');
    throw new LocalError(`the DynamoDB at ${endpoint} does not give us the table ${table.name}: ${reason}`, { cause });
  } finally {
    client.destroy();
  }
}

function definitionOf({ name, properties }: Resource): CreateTableCommandInput {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = properties;
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: KeySchema as KeySchemaElement[],
    AttributeDefinitions: AttributeDefinitions as AttributeDefinition[],
    GlobalSecondaryIndexes: GlobalSecondaryIndexes as GlobalSecondaryIndex[] | undefined,
  };
}

interface Keys {
  readonly KeySchema?: KeySchemaElement[] | undefined;
  readonly GlobalSecondaryIndexes?:
    | readonly { IndexName?: string | undefined; KeySchema?: KeySchemaElement[] | undefined }[]
    | undefined;
}

const indexesOf = (table: Keys = {}) => table.GlobalSecondaryIndexes ?? [];

function missingIndexes(wanted: CreateTableCommandInput, existing: Keys): GlobalSecondaryIndex[] {
  const there = new Set(indexesOf(existing).map(({ IndexName }) => IndexName));
  return (wanted.GlobalSecondaryIndexes ?? []).filter(({ IndexName }) => !there.has(IndexName));
}

const isActive = (table: TableDescription = {}): boolean =>
  table.TableStatus === 'ACTIVE' &&
  (table.GlobalSecondaryIndexes ?? []).every(({ IndexStatus = 'ACTIVE' }) => IndexStatus === 'ACTIVE');

function refuseOtherKeys(wanted: CreateTableCommandInput, existing: Keys, endpoint: string): void {
  const [ours, theirs] = [wanted, existing].map(keysOf);
  if (ours !== theirs) {
    throw new LocalError(
      `the table ${wanted.TableName} at ${endpoint} has the keys ${theirs}, the template wants ${ours}: use another data folder`,
    );
  }
}

function keysOf({ KeySchema, GlobalSecondaryIndexes }: Keys): string {
  const keys = (schema: KeySchemaElement[] = []) =>
    schema.map((key) => `${key.AttributeName} ${key.KeyType}`).join(', ');
  const indexes = (GlobalSecondaryIndexes ?? []).map((index) => `${index.IndexName}: ${keys(index.KeySchema)}`);
  return [keys(KeySchema), ...indexes.sort()].join('; ');
}

/** Turns one error, given by name, into `undefined`. */
const nothingIf =
  (name: string) =>
  (error: unknown): undefined => {
    if (!(error instanceof Error && error.name === name)) throw error;
  };

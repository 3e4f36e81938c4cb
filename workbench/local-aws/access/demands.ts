import { AwsError } from '../protocol/aws-error.ts';
import type { Demand } from './permissions.ts';

/** Finds the resources that requests name. */
export interface ResourceNames {
  /** ARNs of the template's resources, by type and name. */
  arnOf(type: string, name: string): string | undefined;
  /** The partition keys of the table and, by name, of its indexes. */
  readonly hashKeys: { readonly table: string; readonly indexes: Readonly<Record<string, string>> };
}

/** The prefix of a service's actions in IAM, by the prefix of its targets in the JSON protocol. */
const SERVICES: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  Firehose_20150804: 'firehose',
  secretsmanager: 'secretsmanager',
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AWSEvents: 'events',
};

/** What a request of the JSON protocol wants to do. Resources of ECS are not checked: their ARNs depend on the action. */
export function demandsOf(target: string, input: unknown, names: ResourceNames): Demand[] {
  const [prefix = '', operation = ''] = target.split('.');
  const service = SERVICES[prefix];
  if (service === undefined) throw new AwsError('AccessDeniedException', `${target} has no action of IAM here`, 403);
  const action = `${service}:${operation}`;
  const request = Object(input);
  switch (service) {
    case 'dynamodb':
      return tableDemands(operation, request, names);
    case 'firehose':
      return [demand(action, names.arnOf('AWS::KinesisFirehose::DeliveryStream', String(request.DeliveryStreamName)))];
    case 'secretsmanager':
      return [demand(action, String(request.SecretId))];
    case 'events':
      return Array.from(request.Entries ?? [], (entry) =>
        demand(action, names.arnOf('AWS::Events::EventBus', String(Object(entry).EventBusName))),
      );
    default:
      return [demand(action, undefined)];
  }
}

/** What a request of a query protocol wants to do; its resources are not checked. */
export const formDemand = (service: 'ec2' | 'autoscaling', operation: string): Demand =>
  demand(`${service}:${operation}`, undefined);

const demand = (action: string, resource: string | undefined, keys?: readonly string[]): Demand => ({
  action,
  resource,
  context: keys ? { 'dynamodb:LeadingKeys': keys } : {},
});

interface Names {
  readonly TableName?: string;
  readonly IndexName?: string;
}

/** A batch needs its own action, a transaction those of its items. */
function tableDemands(operation: string, request: Readonly<Record<string, unknown>>, names: ResourceNames): Demand[] {
  const on = (name: string, { TableName, IndexName }: Names, keys: readonly unknown[]): Demand => {
    const table = names.arnOf('AWS::DynamoDB::Table', String(TableName));
    const resource = IndexName === undefined ? table : `${table}/index/${IndexName}`;
    return demand(`dynamodb:${name}`, resource, [...new Set(keys.map(textOf))]);
  };
  const keyIn = (item: unknown): unknown => Object(item)[names.hashKeys.table];
  switch (operation) {
    case 'BatchGetItem':
      return Object.entries(Object(request.RequestItems)).map(([TableName, wanted]) =>
        on(operation, { TableName }, Array.from(Object(wanted).Keys ?? [], keyIn)),
      );
    case 'BatchWriteItem':
      return Object.entries(Object(request.RequestItems)).map(([TableName, writes]) =>
        on(
          operation,
          { TableName },
          Array.from(Object(writes), (write) => {
            const { PutRequest, DeleteRequest } = Object(write);
            return keyIn(PutRequest ? PutRequest.Item : Object(DeleteRequest).Key);
          }),
        ),
      );
    case 'TransactWriteItems':
      return Array.from(Object(request.TransactItems), (item) => {
        const [[name = '', write] = []] = Object.entries(Object(item));
        const { Item, Key } = Object(write);
        return on(name === 'ConditionCheck' ? 'ConditionCheckItem' : `${name}Item`, Object(write), [
          keyIn(Item ?? Key),
        ]);
      });
    case 'Query':
      return [on(operation, request, [queriedKey(request, names.hashKeys)])];
    default:
      return [
        on(operation, request, 'Key' in request || 'Item' in request ? [keyIn(request.Item ?? request.Key)] : []),
      ];
  }
}

/** The value that a query compares the partition key with. */
function queriedKey(request: Readonly<Record<string, unknown>>, hashKeys: ResourceNames['hashKeys']): unknown {
  const { IndexName, KeyConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = request;
  const hashKey = IndexName === undefined ? hashKeys.table : hashKeys.indexes[String(IndexName)];
  for (const [, name = '', value = ''] of String(KeyConditionExpression).matchAll(/([#\w]+) = (:\w+)/g))
    if ((name.startsWith('#') ? Object(ExpressionAttributeNames)[name] : name) === hashKey)
      return Object(ExpressionAttributeValues)[value];
  return undefined;
}

/** The text of a key as the request has it: `{ "S": "…" }`. */
const textOf = (key: unknown): string => String(Object.values(Object(key))[0]);

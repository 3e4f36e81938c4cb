import { AwsError, type Service, unknownOperation } from '../protocol/aws-error.ts';
import { type McpChild, RpcError, type ToolAnswer } from './mcp-child.ts';

/** An answer that is already JSON. */
export class RawJson {
  constructor(readonly json: string) {}
}

/** Parameters that have no effect here: every read is consistent, and capacity is not counted. */
const WITHOUT_EFFECT = new Set(['ConsistentRead', 'ReturnConsumedCapacity', 'ReturnItemCollectionMetrics']);
/** Single-item writes that can return the item that failed their condition. */
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const OLD_ITEM = 'ReturnValuesOnConditionCheckFailure';

/** Matches JSON with an unpaired surrogate, which JSON.stringify escapes and UTF-8 cannot encode. */
const HALF_A_PAIR = /(?<!\\)(?:\\\\)*\\ud[89a-f]/i;

/** A database behind the tools of a child process: the tools' names and a function to call one. */
export interface Database {
  readonly tools: ReadonlyMap<string, ReadonlySet<string>>;
  readonly child: Pick<McpChild, 'call'>;
}

/**
 * DynamoDB's API on dynoxide's tools. The tools are named after its operations and take its parameters in snake case.
 *
 * The tools do not return the item that failed a condition. If a request asks for it, the service reads it afterwards
 * and lets no other call run in between.
 *
 * @param current the current database; undefined while it restarts
 */
export function dynamodbService(current: () => Database | undefined): Service {
  const gate = new Gate();

  const call = async (operation: string, input: object): Promise<RawJson> => {
    const database = current();
    if (!database) throw new AwsError('InternalServerError', 'the database is starting again', 500);
    const tool = snakeCase(operation);
    const known = database.tools.get(tool);
    if (!known) throw unknownOperation('dynamodb', operation);
    const parameters = parametersOf(operation, input, known);
    if (HALF_A_PAIR.test(JSON.stringify(parameters)))
      throw new AwsError('SerializationException', 'a string holds half a surrogate pair');
    const answer = await database.child.call(tool, parameters).catch((error: Error): ToolAnswer => {
      if (error instanceof RpcError) throw new AwsError('ValidationException', error.message);
      throw new AwsError('InternalServerError', error.message, 500);
    });
    if (answer.isError) throw failureOf(answer.text);
    return new RawJson(answer.text);
  };

  const withOldItem = async (operation: string, input: object): Promise<RawJson> => {
    const { [OLD_ITEM]: _, ...write } = Object(input);
    try {
      return await call(operation, write);
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException') throw error;
      const Key = write.Key ?? keyOf(write.Item, await call('DescribeTable', { TableName: write.TableName }));
      const { json } = await call('GetItem', { TableName: write.TableName, Key });
      throw new AwsError(error.code, error.message, error.status, JSON.parse(json));
    }
  };

  return async (operation, input) => {
    const wantsItem = WRITES.has(operation) && Object(input)[OLD_ITEM] === 'ALL_OLD';
    if (wantsItem) return gate.alone(() => withOldItem(operation, Object(input)));
    return gate.together(() => call(operation, Object(input)));
  };
}

function parametersOf(operation: string, input: object, known: ReadonlySet<string>): object {
  if (operation === 'TransactWriteItems' && JSON.stringify(input).includes(`"${OLD_ITEM}":"ALL_OLD"`))
    throw new AwsError('ValidationException', `${OLD_ITEM} in a transaction is not implemented locally`);
  const parameters: Record<string, unknown> = operation === 'DescribeTable' ? { raw: true } : {};
  for (const [name, value] of Object.entries(input)) {
    if (known.has(snakeCase(name))) parameters[snakeCase(name)] = value;
    else if (!WITHOUT_EFFECT.has(name))
      throw new AwsError('ValidationException', `${operation}: the parameter ${name} is not implemented locally`);
  }
  return parameters;
}

/**
 * Converts "ReturnValuesOnConditionCheckFailure" to `return_values_on_condition_check_failure`, "SSESpecification" to
 * `sse_specification`.
 */
const snakeCase = (name: string) =>
  name
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();

function keyOf(item: unknown, { json }: RawJson): object {
  const names = Array.from(Object(JSON.parse(json).Table).KeySchema ?? [], (key) => String(Object(key).AttributeName));
  return Object.fromEntries(names.map((name) => [name, Object(item)[name]]));
}

function failureOf(text: string): AwsError {
  const { error_type, message } = Object(JSON.parse(text));
  const code = String(error_type);
  if (code !== 'TransactionCanceledException')
    return new AwsError(code, String(message), code.startsWith('Internal') ? 500 : 400);
  const [, reasons = ''] = /\[([\w, ]*)\]$/.exec(String(message)) ?? [];
  const CancellationReasons = reasons.split(', ').map((Code) => ({ Code }));
  return new AwsError(code, String(message), 400, { CancellationReasons });
}

/** A shared/exclusive lock: calls run concurrently, or one of them runs alone. */
class Gate {
  private readonly running = new Set<Promise<unknown>>();
  private exclusive: Promise<unknown> = Promise.resolve();

  async together<T>(work: () => Promise<T>): Promise<T> {
    for (let before = this.exclusive; ; before = this.exclusive) {
      await before;
      if (before === this.exclusive) break;
    }
    const run = work();
    this.running.add(run);
    return run.finally(() => this.running.delete(run));
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.exclusive;
    const run = (async () => {
      await before;
      await Promise.allSettled(this.running);
      return work();
    })();
    this.exclusive = run.catch(() => undefined);
    return run;
  }
}

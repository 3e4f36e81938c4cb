import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface DynamoCall {
  readonly name: string; // QueryCommand, PutCommand, …
  readonly input: Readonly<Record<string, unknown>>;
}

/** Records every call of a client and can make calls fail before they are sent. */
export class DynamoTap {
  readonly calls: DynamoCall[] = [];
  /** Called before each call. If it returns an error, the call fails with it. */
  fault: (call: DynamoCall) => Error | undefined = () => undefined;
  /** While true, eventually consistent reads find nothing, as can happen right after a write. */
  stale = false;

  constructor(client: DynamoDBClient) {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const call = { name: String(context.commandName), input: args.input as Record<string, unknown> };
        this.calls.push(call);
        const error = this.fault(call);
        if (error) throw error;
        if (this.stale && call.input.ConsistentRead === false)
          return { output: { $metadata: {} } as never, response: {} };
        return next(args);
      },
      { step: 'initialize', name: 'tap' },
    );
  }

  /** Makes only the n-th call from now fail, counted from 1. */
  failCall(n: number): void {
    const at = this.calls.length + n;
    this.fault = () => (this.calls.length === at ? throttled() : undefined);
  }

  /** Makes every call fail until `heal`. */
  failAll(): void {
    this.fault = throttled;
  }

  heal(): void {
    this.fault = () => undefined;
  }
}

const throttled = (): Error =>
  Object.assign(new Error('Rate exceeded'), { name: 'ProvisionedThroughputExceededException', $metadata: {} });

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface DynamoCall {
  readonly name: string; // QueryCommand, PutCommand, …
  readonly input: Readonly<Record<string, unknown>>;
}

/** Sees every call a client makes, and lets some fail before they leave. */
export class DynamoTap {
  readonly calls: DynamoCall[] = [];
  /** Asked before each call; an error it returns is what the caller gets. */
  fault: (call: DynamoCall) => Error | undefined = () => undefined;
  /** While true, reads that are only eventually consistent find nothing, as they may right after a write. */
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

  /** Lets the n-th call from now fail, counted from 1, and only that one. */
  failCall(n: number): void {
    const at = this.calls.length + n;
    this.fault = () => (this.calls.length === at ? throttled() : undefined);
  }

  /** Lets every call fail until it is healed. */
  failAll(): void {
    this.fault = throttled;
  }

  heal(): void {
    this.fault = () => undefined;
  }
}

const throttled = (): Error =>
  Object.assign(new Error('Rate exceeded'), { name: 'ProvisionedThroughputExceededException', $metadata: {} });

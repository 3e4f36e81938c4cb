import type { eventHandler } from '../../lib/aws/event-function.ts';
import { type AnyEvent, context, sqsBatch } from './fixtures.ts';

/** Sends events to a function in one batch. @returns the ids of the failed messages */
export async function deliver(
  events: readonly (AnyEvent | string)[],
  handler: ReturnType<typeof eventHandler>,
  invocation = context,
): Promise<string[]> {
  const bodies = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
  const { batchItemFailures } = await handler(sqsBatch(bodies), invocation);
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

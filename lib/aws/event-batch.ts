import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { MayflyError } from '../core/errors.ts';
import type { Report } from '../core/report.ts';
import { parseJson } from '../core/text.ts';
import { parseEvent } from '../core/triggers/parse.ts';
import type { ParsedEvent } from '../core/triggers/parsed-event.ts';

export interface EventBatchDeps {
  /** @returns what the event came to */
  readonly handle: (event: ParsedEvent, context: Context) => Promise<string>;
  /**
   * Sees every event of the batch, for what is cheaper done once for all; a head start only: its failure fails nothing, and
   * `handle` does by itself what was not done.
   */
  readonly prepare: (events: readonly ParsedEvent[]) => Promise<void>;
  readonly report: Report;
  readonly now: () => number; // epoch ms
}

/**
 * A function over EventBridge events that come through SQS: each record is parsed and handled by itself, and only the
 * failed ones go back to the queue, from there after five tries to the dead-letter queue. What can never be read is no failure:
 * it is told of, counted, and taken from the queue.
 */
export function eventBatch({
  handle,
  prepare,
  report,
  now,
}: EventBatchDeps): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const one = async (record: SQSRecord, context: Context): Promise<void> => {
    try {
      const event = read(record, now());
      const outcome = await handle(event, context);
      report('event_handled', { messageId: record.messageId, kind: event.kind, outcome });
    } catch (error) {
      const why = error instanceof MayflyError ? `${error.code}: ${error.message}` : String(error);
      report('event_failed', { messageId: record.messageId, error: why });
      throw error;
    }
  };
  return async (event, context) => {
    const events = event.Records.map((record) => read(record, now()));
    await prepare(events).catch((error: unknown) => report('batch_unprepared', { error: String(error) }));
    // A processor holds the state of one batch.
    const processor = new BatchProcessor(EventType.SQS);
    return processPartialResponse(event, (record: SQSRecord) => one(record, context), processor, {
      context,
      throwOnFullBatchFailure: false,
    });
  };
}

/** Without a time of its own an event counts from when it was sent to its queue, which every try of it says. */
function read(record: SQSRecord, nowMs: number): ParsedEvent {
  try {
    return parseEvent(parseJson(record.body), 'event', Number(record.attributes.SentTimestamp) || nowMs);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return { kind: 'malformed', why: `the message is not JSON (message ${record.messageId})` };
  }
}

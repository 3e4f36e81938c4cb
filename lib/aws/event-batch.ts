import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { MayflyError } from '../core/errors.ts';
import type { Report } from '../core/report.ts';
import { parseJson } from '../core/text.ts';
import { type ParsedEvent, parseEvent } from '../core/triggers/parse.ts';

/**
 * A function over EventBridge events that come through SQS: each record is parsed and handled by itself, and only the
 * failed ones go back to the queue, from there after five tries to the dead-letter queue.
 *
 * @param before sees every event of the batch that could be parsed, for what is cheaper done once for all; a head start
 *   only: its failure fails nothing, and `handle` does by itself what was not done
 */
export function eventBatch(
  handle: (event: ParsedEvent, context: Context) => Promise<string>,
  report: Report,
  before: (events: readonly ParsedEvent[]) => Promise<void> = async () => {},
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const one = async (record: SQSRecord, context: Context): Promise<void> => {
    try {
      const event = read(record);
      const outcome = await handle(event, context);
      report('event_handled', { messageId: record.messageId, kind: event.kind, outcome });
    } catch (error) {
      const why = error instanceof MayflyError ? `${error.code}: ${error.message}` : String(error);
      report('event_failed', { messageId: record.messageId, error: why });
      throw error;
    }
  };
  return async (event, context) => {
    const readable = event.Records.flatMap((record) => {
      try {
        return [read(record)];
      } catch {
        return []; // reported, and failed, when its turn comes
      }
    });
    await before(readable).catch((error: unknown) => report('batch_unprepared', { error: String(error) }));
    // A processor holds the state of one batch.
    const processor = new BatchProcessor(EventType.SQS);
    return processPartialResponse(event, (record: SQSRecord) => one(record, context), processor, {
      context,
      throwOnFullBatchFailure: false,
    });
  };
}

function read(record: SQSRecord): ParsedEvent {
  try {
    return parseEvent(parseJson(record.body));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new MayflyError('EVENT_MALFORMED', 'the message is not JSON', { cause });
    throw cause;
  }
}

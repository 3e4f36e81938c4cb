import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { traceOf } from '../../core/errors.ts';
import { type Queued, summaryOf } from '../../core/queue/queued.ts';
import type { Report } from '../../core/reports/report.ts';
import { parseJson } from '../../core/text.ts';
import { parseEvent } from '../../core/triggers/parse.ts';
import type { ParsedEvent } from '../../core/triggers/parsed-event.ts';

export interface EventBatchDeps {
  /**
   * @param queued takes what the event queues, for the log
   * @returns the outcome, for the log
   */
  readonly handle: (event: ParsedEvent, context: Context, queued: Queued[]) => Promise<string>;
  /** Prepares the whole batch at once where that is cheaper. If it fails, `handle` does the work for each event. */
  readonly prepare: (events: readonly ParsedEvent[]) => Promise<void>;
  readonly report: Report;
  readonly now: () => number; // epoch ms
}

/**
 * Handles EventBridge events that arrive through SQS, each record by itself. Only the failed ones return to the queue, and
 * after five tries they go to the dead-letter queue. An event that can never be read is reported and leaves the queue.
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
      const queued: Queued[] = [];
      const outcome = await handle(event, context, queued);
      const summary = summaryOf(queued);
      const workload = summary.workload ?? workloadOf(event);
      report('event_handled', { messageId: record.messageId, kind: event.kind, outcome, ...summary, workload });
    } catch (error) {
      report('event_failed', { messageId: record.messageId, error: traceOf(error) });
      throw error;
    }
  };
  const headStart = async (records: readonly SQSRecord[]): Promise<void> => {
    try {
      await prepare(records.map((record) => read(record, now())));
    } catch (error) {
      report('batch_unprepared', { error: traceOf(error) });
    }
  };
  return async (event, context) => {
    await headStart(event.Records);
    // A processor holds the state of one batch.
    const processor = new BatchProcessor(EventType.SQS);
    return processPartialResponse(event, (record: SQSRecord) => one(record, context), processor, {
      context,
      throwOnFullBatchFailure: false,
    });
  };
}

/** The task or instance that an event is about; null for any other event. */
function workloadOf(event: ParsedEvent): string | null {
  switch (event.kind) {
    case 'task':
      return event.event.task.taskArn;
    case 'launch':
    case 'notice':
    case 'end':
      return event.event.instanceId ?? null;
    default:
      return null;
  }
}

/** An event without a time counts from when it was sent to its queue: that time is the same in every try. */
function read(record: SQSRecord, nowMs: number): ParsedEvent {
  try {
    return parseEvent(parseJson(record.body), 'event', Number(record.attributes.SentTimestamp) || nowMs);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return { kind: 'malformed', why: `the message is not JSON (message ${record.messageId})` };
  }
}

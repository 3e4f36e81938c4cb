import type { LocalFunction } from '../functions/functions.ts';
import type { Clock } from '../machine/clock.ts';
import type { Notify } from '../machine/notice.ts';
import { type LocalQueue, type Message, md5 } from './queues.ts';

export interface EventSourceConfig {
  readonly function: string; // function name
  readonly region: string;
  readonly batchSize: number;
  readonly windowMs: number; // how long an incomplete batch waits for more messages
  readonly reportsItemFailures: boolean; // FunctionResponseTypes includes ReportBatchItemFailures
  readonly maxConcurrency: number;
  readonly maxReceiveCount: number; // Infinity without a redrive policy
}

/**
 * The number of concurrent batches Lambda starts with. @see Lambda, "Configuring scaling behavior for SQS event source
 * mappings"
 */
export const DEFAULT_CONCURRENCY = 5;

/** What an event source connects: its queue, function and dead-letter queue. */
export interface EventSourceEnds {
  readonly queue: LocalQueue;
  readonly deadLetters?: LocalQueue;
  readonly target: Pick<LocalFunction, 'invoke'>;
}

/**
 * An event source mapping. Passes a queue's messages to a function in batches, and moves messages that keep failing to
 * the dead-letter queue.
 */
export class EventSource {
  private readonly active = new Set<Promise<void>>();
  private readonly loop: Promise<void>;
  private closed = false;
  private stop: () => void = () => undefined;
  private readonly stopped = new Promise<void>((resolve) => {
    this.stop = resolve;
  });

  constructor(
    private readonly ends: EventSourceEnds,
    private readonly config: EventSourceConfig,
    private readonly clock: Clock,
    private readonly notify: Notify,
  ) {
    this.loop = this.run();
  }

  /** Resolves once the queue is empty: each message was processed or moved to the dead-letter queue. */
  async idle(): Promise<void> {
    while (this.ends.queue.size > 0) await this.ends.queue.nextChange();
  }

  /** Stops receiving messages and resolves when the batches in flight are done. */
  async close(): Promise<void> {
    this.closed = true;
    this.stop();
    await this.loop;
    await Promise.all(this.active);
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      if (this.active.size >= this.config.maxConcurrency) {
        await Promise.race([...this.active, this.stopped]);
        continue;
      }
      const batch = await this.take(this.config.batchSize);
      if (batch.length === 0) {
        await this.waitUntil(this.ends.queue.nextVisibleAtMs());
        continue;
      }
      const closesAtMs = this.clock.now() + this.config.windowMs;
      while (batch.length < this.config.batchSize && this.clock.now() < closesAtMs && !this.closed) {
        await this.waitUntil(closesAtMs);
        batch.push(...(await this.take(this.config.batchSize - batch.length)));
      }
      const work = this.process(batch)
        .catch((error) => this.postpone(batch, error))
        .finally(() => this.active.delete(work));
      this.active.add(work);
    }
  }

  /** Receives messages. Moves those received too often to the dead-letter queue. */
  private async take(limit: number): Promise<Message[]> {
    const messages = this.ends.queue.receive(limit);
    const exhausted = messages.filter((message) => message.receives > this.config.maxReceiveCount);
    for (const message of exhausted) await this.bury(message).catch((error) => this.postpone([message], error));
    return messages.filter((message) => message.receives <= this.config.maxReceiveCount);
  }

  private async bury({ id, body, sentAtMs, receives }: Message): Promise<void> {
    const deadLetterQueue = this.ends.deadLetters?.config.name ?? '';
    // As SQS does, it keeps the id and the time of sending, and says where it came from.
    await this.ends.deadLetters?.send(body, { id, sentAtMs, sourceArn: this.ends.queue.config.arn });
    await this.ends.queue.delete([id]);
    this.notify({
      kind: 'dead-letter',
      queue: this.ends.queue.config.name,
      deadLetterQueue,
      messageId: id,
      receives: receives - 1,
    });
  }

  private async process(batch: readonly Message[]): Promise<void> {
    const event = JSON.stringify({
      Records: batch.map((message) => recordOf(message, this.ends.queue.config.arn, this.config.region)),
    });
    const result = await this.ends.target.invoke(event);
    const ids = batch.map(({ id }) => id);
    const failed = new Set(result.ok ? failedItems(result.payload, ids, this.config.reportsItemFailures) : ids);
    const done = ids.filter((id) => !failed.has(id));
    if (done.length > 0) await this.ends.queue.delete(done);
    const retries = batch.filter(({ id }) => failed.has(id));
    if (retries.length > 0) this.retry(retries);
  }

  /**
   * Makes failed messages visible again when their visibility timeout, counted from their receipt, ends, as SQS does.
   * This way events survive minutes without a database. The next receive moves a message without tries left to the
   * dead-letter queue.
   */
  private retry(messages: readonly Message[]): void {
    const { name: queue, visibilityTimeoutMs } = this.ends.queue.config;
    const nowMs = this.clock.now();
    const delayOf = ({ receivedAtMs }: Message) => Math.max(0, receivedAtMs + visibilityTimeoutMs - nowMs);
    for (const message of messages) this.ends.queue.release([message.id], delayOf(message));
    const waiting = messages.filter(({ receives }) => receives < this.config.maxReceiveCount);
    if (waiting.length === 0) return;
    const delayMs = Math.max(...waiting.map(delayOf));
    this.notify({ kind: 'retry', queue, function: this.config.function, messages: waiting.length, delayMs });
  }

  /** Delays these messages after an error of the queue's own file. None is lost: they are received again. */
  private postpone(messages: readonly Message[], error: unknown): void {
    this.ends.queue.release(
      messages.map(({ id }) => id),
      this.ends.queue.config.visibilityTimeoutMs,
    );
    this.notify({
      kind: 'queue-error',
      queue: this.ends.queue.config.name,
      message: error instanceof Error ? error.message : String(error),
    });
  }

  /** Waits until the queue changes or the source closes, at most until `untilMs`. */
  private async waitUntil(untilMs: number | undefined): Promise<void> {
    const over = new AbortController();
    const waits = [this.ends.queue.nextChange(), this.stopped];
    if (untilMs !== undefined) waits.push(this.clock.sleep(Math.max(0, untilMs - this.clock.now()), over.signal));
    await Promise.race(waits);
    over.abort(); // ends the sleep
  }
}

/**
 * Returns the messages of a batch that the function's answer reports as failed. If the list is malformed or names a
 * message outside the batch, all of them failed.
 *
 * @see Lambda, "Implementing partial batch responses": null, {} and an empty list mean success
 */
export function failedItems(
  payload: string,
  batch: readonly string[],
  reportsItemFailures: boolean,
): readonly string[] {
  if (!reportsItemFailures) return [];
  const answer: unknown = JSON.parse(payload);
  if (answer === null || typeof answer !== 'object' || !('batchItemFailures' in answer)) return [];
  const failures = answer.batchItemFailures;
  if (failures === null) return [];
  if (!Array.isArray(failures)) return batch;
  const ids = failures.map((failure: unknown) => Object(failure).itemIdentifier);
  return ids.every((id) => batch.includes(id)) ? ids : batch;
}

/** @see Lambda, "Using Lambda with Amazon SQS": the event's Records */
function recordOf(message: Message, queueArn: string, region: string) {
  return {
    messageId: message.id,
    receiptHandle: `${message.id}#${message.receives}`,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receives),
      SentTimestamp: String(message.sentAtMs),
      SenderId: 'local',
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
    },
    messageAttributes: {},
    md5OfBody: md5(message.body),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

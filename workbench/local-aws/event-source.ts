import type { Clock } from './clock.ts';
import type { LocalFunction } from './functions.ts';
import type { Notify } from './notice.ts';
import { type LocalQueue, type Message, md5 } from './queues.ts';

export interface EventSourceConfig {
  readonly function: string; // its name
  readonly region: string;
  readonly batchSize: number;
  readonly windowMs: number; // how long a short batch waits for more
  readonly reportsItemFailures: boolean; // FunctionResponseTypes has ReportBatchItemFailures
  readonly maxConcurrency: number;
  readonly maxReceiveCount: number; // Infinity without a redrive policy
}

/** Lambda starts with as many batches at once. @see Lambda, "Configuring scaling behavior for SQS event source mappings" */
export const DEFAULT_CONCURRENCY = 5;

/** What an event source connects. */
export interface EventSourceEnds {
  readonly queue: LocalQueue;
  readonly deadLetters?: LocalQueue;
  readonly target: Pick<LocalFunction, 'invoke'>;
}

/** An event source mapping: hands a queue's messages to a function in batches, and failed ones to the dead-letter queue in the end. */
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

  /** Resolves once the queue is empty: each of its messages is done with, or in the dead-letter queue. */
  async idle(): Promise<void> {
    while (this.ends.queue.size > 0) await this.ends.queue.nextChange();
  }

  /** Takes no more messages, and resolves when the batches in flight are done. */
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

  /** Receives messages; those received too often go to the dead-letter queue instead. */
  private async take(limit: number): Promise<Message[]> {
    const messages = this.ends.queue.receive(limit);
    const exhausted = messages.filter((message) => message.receives > this.config.maxReceiveCount);
    for (const message of exhausted) await this.bury(message).catch((error) => this.postpone([message], error));
    return messages.filter((message) => message.receives <= this.config.maxReceiveCount);
  }

  private async bury({ id, body, sentAtMs, receives }: Message): Promise<void> {
    const deadLetterQueue = this.ends.deadLetters?.config.name ?? '';
    await this.ends.deadLetters?.send(body, sentAtMs); // SQS keeps the time of the first sending
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
   * As in SQS a failed message comes back when its visibility timeout ends, which counts from its receipt. So events
   * outlive a database that is away for minutes. The next receive buries a message that has had all its tries.
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

  /** After trouble with the queue's own file: nothing is lost, everything comes again. */
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

  /** Waits for a change of the queue or the end, until `untilMs` at most. */
  private async waitUntil(untilMs: number | undefined): Promise<void> {
    const over = new AbortController();
    const waits = [this.ends.queue.nextChange(), this.stopped];
    if (untilMs !== undefined) waits.push(this.clock.sleep(Math.max(0, untilMs - this.clock.now()), over.signal));
    await Promise.race(waits);
    over.abort(); // ends the sleep
  }
}

/**
 * The messages of a batch that a function's answer declares failed: those it lists, or all of them if the list is
 * malformed or names a message that is not in the batch.
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

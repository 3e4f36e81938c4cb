import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { parseJson } from '../../core/text.ts';
import { ofType, type Parts, roleOf } from '../deployment/parts.ts';
import { CommandError } from '../errors/command-error.ts';

/** What reading dead letters needs in AWS. */
export const READ_NEEDS =
  'sqs:GetQueueAttributes on its queues, and sqs:ReceiveMessage and ChangeMessageVisibility on the dead-letter queues';

/** A queue whose messages end in a dead-letter queue. */
interface SourceQueue {
  /** The route of its events, such as `EcsTaskState`. */
  readonly name: string;
  readonly arn: string;
  readonly url: string;
}

/** A dead-letter queue, and the queues whose messages end there. */
export interface DeadLetterQueue {
  readonly url: string;
  readonly messages: number;
  readonly sources: readonly SourceQueue[];
}

/** A message that failed for good. */
export interface DeadLetter {
  readonly id: string;
  readonly queue: DeadLetterQueue;
  /** Where it came from; undefined if the message does not say. */
  readonly source: SourceQueue | undefined;
  readonly sentAtMs: number;
  readonly receives: number;
  /** EventBridge's event; undefined if the body is no JSON object. */
  readonly event: Readonly<Record<string, unknown>> | undefined;
  readonly body: string;
  /** Why EventBridge could not deliver it; undefined if it was delivered, and its function failed. */
  readonly undelivered: { readonly code: string; readonly message: string } | undefined;
  /** Proves to SQS that this command received the message. */
  readonly handle: string;
}

/** For how long SQS hides the messages that this command reads. They are shown again as soon as it has read them. */
const HIDDEN_SECONDS = 30;
const PER_CALL = 10;

/** The dead-letter queues of a Mayfly. */
export class DeadLetters {
  readonly #client: SQSClient;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#client = new SQSClient(parts.client);
  }

  /** The dead-letter queues: those that other queues name. */
  async queues(): Promise<DeadLetterQueue[]> {
    const all = await Promise.all(
      ofType(this.#parts, 'AWS::SQS::Queue').map(async (resource) => {
        const { Attributes = {} } = await this.#client.send(
          new GetQueueAttributesCommand({ QueueUrl: resource.physicalId, AttributeNames: ['All'] }),
        );
        return { resource, attributes: Attributes, target: targetOf(Attributes.RedrivePolicy) };
      }),
    );
    return all.flatMap(({ resource, attributes }) => {
      const sources = all
        .filter(({ target }) => target !== undefined && target === attributes.QueueArn)
        .map((source) => ({
          name: roleOf(source.resource, this.#parts.names).replace(/Queue$/, ''),
          arn: source.attributes.QueueArn ?? '',
          url: source.resource.physicalId,
        }));
      const messages = Number(attributes.ApproximateNumberOfMessages ?? 0);
      return sources.length === 0 ? [] : [{ url: resource.physicalId, messages, sources }];
    });
  }

  /**
   * Receives messages of a queue and calls `work` with each batch. Shows those again that `work` did not delete, because a
   * hidden message would be missing in the next list.
   *
   * @param work @returns the ids of the messages it deleted
   */
  async each(
    queue: DeadLetterQueue,
    limit: number,
    work: (letters: readonly DeadLetter[]) => Promise<ReadonlySet<string>>,
  ): Promise<void> {
    const kept = new Map<string, DeadLetter>();
    try {
      for (let left = limit; left > 0; ) {
        const letters = await this.#receive(queue, Math.min(PER_CALL, left));
        const fresh = letters.filter(({ id }) => !kept.has(id));
        for (const letter of letters) kept.set(letter.id, letter);
        if (fresh.length === 0) return;
        left -= fresh.length;
        for (const id of await work(fresh)) kept.delete(id);
      }
    } finally {
      // A message that cannot be shown again at once appears by itself in half a minute.
      await Promise.allSettled([...kept.values()].map((letter) => this.#show(letter)));
    }
  }

  /** All messages of all queues, at most `limit` of each. */
  async all(limit: number): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    for (const queue of await this.queues())
      await this.each(queue, limit, async (letters) => {
        found.push(...letters);
        return new Set();
      });
    return found.sort((a, b) => a.sentAtMs - b.sentAtMs);
  }

  /** Sends a message back to its source, then deletes it. @throws {CommandError} if its source is unknown */
  async redrive({ id, queue, source, body, handle }: DeadLetter): Promise<void> {
    if (!source)
      throw new CommandError('REFUSED', `the dead letter ${id} does not say which queue it came from`, {
        next: `"npx mayfly dlq show ${id}${this.#parts.chosen}" prints its event`,
      });
    await this.#client.send(new SendMessageCommand({ QueueUrl: source.url, MessageBody: body }));
    await this.#client.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: handle }));
  }

  close(): void {
    this.#client.destroy();
  }

  async #receive(queue: DeadLetterQueue, limit: number): Promise<DeadLetter[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: queue.url,
        MaxNumberOfMessages: limit,
        VisibilityTimeout: HIDDEN_SECONDS,
        WaitTimeSeconds: 1, // asks all of SQS's servers, not some of them
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    return Messages.map((message) => letterOf(message, queue));
  }

  async #show({ queue, handle }: DeadLetter): Promise<void> {
    const input = { QueueUrl: queue.url, ReceiptHandle: handle, VisibilityTimeout: 0 };
    await this.#client.send(new ChangeMessageVisibilityCommand(input));
  }
}

function letterOf(message: Message, queue: DeadLetterQueue): DeadLetter {
  const { MessageId: id = '', Body: body = '', ReceiptHandle: handle = '', Attributes = {} } = message;
  const { ERROR_CODE, ERROR_MESSAGE, TARGET_ARN } = message.MessageAttributes ?? {};
  // SQS names the source of a message that its function failed on, EventBridge that of one it could not deliver.
  const arn = Attributes.DeadLetterQueueSourceArn ?? TARGET_ARN?.StringValue;
  const [only, ...others] = queue.sources;
  return {
    id,
    queue,
    source: others.length === 0 ? only : queue.sources.find((source) => source.arn === arn),
    body,
    handle,
    sentAtMs: Number(Attributes.SentTimestamp ?? 0),
    receives: Number(Attributes.ApproximateReceiveCount ?? 0),
    event: objectIn(body),
    undelivered: ERROR_CODE && { code: ERROR_CODE.StringValue ?? '', message: ERROR_MESSAGE?.StringValue ?? '' },
  };
}

/** The ARN of the dead-letter queue in a redrive policy. */
const targetOf = (policy: string | undefined): string | undefined =>
  policy === undefined ? undefined : String(objectIn(policy)?.deadLetterTargetArn);

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

import { type LocalQueue, type Message, md5 } from '../events/queues.ts';
import { AwsError, required, type Service, unknownOperation } from '../protocol/aws-error.ts';

/** SQS's limit on the messages of one call. */
const MAX_MESSAGES = 10;

/** The local address of a queue. The SDK sends requests about a queue to its address. */
export const urlOf = (endpoint: string, queueName: string): string => `${endpoint}/000000000000/${queueName}`;

/**
 * SQS's API on the queues of the stack, for operators: the functions get their messages from event sources. It never waits for
 * messages.
 *
 * @see Amazon SQS API Reference
 */
export function sqsService(queues: readonly LocalQueue[]): Service {
  const byName = new Map(queues.map((queue) => [queue.config.name, queue]));
  return async (operation, input) => {
    const queue = byName.get(required(input, 'QueueUrl').split('/').at(-1) ?? '');
    if (!queue) throw new AwsError('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.');
    switch (operation) {
      case 'GetQueueAttributes':
        return { Attributes: attributesOf(queue) };
      case 'ReceiveMessage':
        return receive(queue, input);
      case 'SendMessage': {
        const body = required(input, 'MessageBody');
        return { MessageId: await queue.send(body), MD5OfMessageBody: md5(body) };
      }
      case 'DeleteMessage':
        await queue.delete([idOf(input)]);
        return {};
      case 'ChangeMessageVisibility':
        queue.release([idOf(input)], Number(Object(input).VisibilityTimeout) * 1000);
        return {};
      default:
        throw unknownOperation('sqs', operation);
    }
  };
}

const attributesOf = ({ config, size }: LocalQueue): Record<string, string | undefined> => ({
  QueueArn: config.arn,
  ApproximateNumberOfMessages: String(size),
  RedrivePolicy: config.redrivePolicy,
});

function receive(queue: LocalQueue, input: unknown): object {
  const { MaxNumberOfMessages = 1, VisibilityTimeout = queue.config.visibilityTimeoutMs / 1000 } = Object(input);
  const limit = Number(MaxNumberOfMessages);
  if (!(limit >= 1 && limit <= MAX_MESSAGES))
    throw new AwsError('InvalidParameterValue', `MaxNumberOfMessages must be 1 to ${MAX_MESSAGES}`);
  const messages = queue.receive(limit);
  queue.release(
    messages.map(({ id }) => id),
    Number(VisibilityTimeout) * 1000,
  );
  return messages.length > 0 ? { Messages: messages.map(messageOf) } : {};
}

const messageOf = ({ id, body, sentAtMs, sourceArn, receives, firstReceivedAtMs }: Message): object => ({
  MessageId: id,
  ReceiptHandle: `${id}#${receives}`,
  Body: body,
  MD5OfBody: md5(body),
  Attributes: {
    SentTimestamp: String(sentAtMs),
    ApproximateReceiveCount: String(receives),
    ApproximateFirstReceiveTimestamp: String(firstReceivedAtMs),
    DeadLetterQueueSourceArn: sourceArn,
  },
});

const idOf = (input: unknown): string => required(input, 'ReceiptHandle').split('#')[0] ?? '';

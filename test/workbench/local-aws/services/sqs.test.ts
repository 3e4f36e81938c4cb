import path from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LocalQueue } from '../../../../workbench/local-aws/events/queues.ts';
import { sqsService, urlOf } from '../../../../workbench/local-aws/services/sqs.ts';
import { aFolder } from '../../../support/folder.ts';
import { type Served, serve } from '../serve.ts';
import { notices, VirtualClock } from '../support.ts';

let served: Served | undefined;
afterEach(async () => {
  await served?.close();
});

async function aQueue() {
  const clock = new VirtualClock();
  const config = {
    name: 'dead',
    arn: 'arn:aws:sqs:us-east-1:0:dead',
    visibilityTimeoutMs: 60_000,
    retentionMs: 3_600_000,
    redrivePolicy: '{"maxReceiveCount":5}',
  };
  const queue = await LocalQueue.open(path.join(aFolder(), 'dead.journal'), config, clock, notices().notify);
  served = await serve({ json: { AmazonSQS: sqsService([queue]) } });
  const sqs = served.client(SQSClient);
  return { clock, queue, sqs, QueueUrl: urlOf(served.url, 'dead') };
}

describe('SQS', () => {
  it('sends, receives and deletes, with the hashes that the SDK checks', async () => {
    const { sqs, QueueUrl, queue } = await aQueue();
    const { MessageId } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'ä' }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(Messages).toMatchObject([{ MessageId, Body: 'ä', Attributes: { ApproximateReceiveCount: '1' } }]);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
    expect(queue.size).toBe(0);
  });

  it('hides a received message for its visibility timeout, or until it is changed', async () => {
    const { sqs, QueueUrl, clock } = await aQueue();
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const receive = async () =>
      (await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 30 }))).Messages ?? [];
    const [first] = await receive();
    expect(await receive()).toEqual([]);
    clock.advance(30_000);
    expect(await receive()).toHaveLength(1);
    const change = { QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 };
    await sqs.send(new ChangeMessageVisibilityCommand(change));
    expect(await receive()).toHaveLength(1);
  });

  it('describes a queue, and refuses one that does not exist and operations it does not know', async () => {
    const { sqs, QueueUrl } = await aQueue();
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    expect(Attributes).toEqual({
      QueueArn: 'arn:aws:sqs:us-east-1:0:dead',
      ApproximateNumberOfMessages: '0',
      RedrivePolicy: '{"maxReceiveCount":5}',
    });
    const other = new ReceiveMessageCommand({ QueueUrl: QueueUrl.replace('dead', 'other') });
    await expect(sqs.send(other)).rejects.toThrow('does not exist');
    await expect(sqs.send(new ListQueuesCommand({}))).rejects.toThrow();
    await expect(sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 }))).rejects.toThrow('1 to 10');
  });
});

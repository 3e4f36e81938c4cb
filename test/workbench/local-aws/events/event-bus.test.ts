import path from 'node:path';
import {
  EventBridgeClient,
  ListRulesCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signedHeaders } from '../../../../workbench/local-aws/access/credentials.ts';
import { EventBus } from '../../../../workbench/local-aws/events/event-bus.ts';
import { LocalQueue } from '../../../../workbench/local-aws/events/queues.ts';
import { aFolder } from '../../../support/folder.ts';
import { SCOPE, type Served, serve } from '../serve.ts';
import { notices, VirtualClock } from '../support.ts';

const clock = new VirtualClock(Date.parse('2026-11-23T00:00:00Z'));
let queue: LocalQueue;
let server: Served;

beforeAll(async () => {
  const config = { name: 'q', arn: 'arn:q', visibilityTimeoutMs: 1000, retentionMs: 1e9 };
  queue = await LocalQueue.open(path.join(aFolder(), 'q'), config, clock, notices().notify);
  const matches = (event: unknown) => Object(event).source !== 'unwanted';
  const bus = new EventBus([{ bus: 'default', matches, targets: [queue] }], SCOPE, clock);
  server = await serve({ json: { AWSEvents: bus.answer } }, bus);
});
afterAll(async () => {
  await server.close();
  await queue.close();
});

const received = () => {
  const messages = queue.receive(100);
  return messages.map(({ body }) => JSON.parse(body));
};
const post = async (body: string, headers: Record<string, string> = {}) => {
  const url = new URL(`${server.url}/events`);
  const signed = await signedHeaders(url, body, server.credentials);
  return fetch(url, { method: 'POST', body, headers: { ...signed, ...headers } });
};

describe('EventBridge', () => {
  const put = (...Entries: PutEventsRequestEntry[]) =>
    server.client(EventBridgeClient).send(new PutEventsCommand({ Entries }));
  const entry: PutEventsRequestEntry = {
    Source: 'aws.ecs',
    DetailType: 'ECS Task State Change',
    Detail: '{"version":3}',
  };

  it('turns an entry into an event, also with a source of AWS, and answers when it is in the queue', async () => {
    const answer = await put({ ...entry, Resources: ['arn:task'], Time: new Date('2026-11-22T10:00:00.900Z') }, entry);
    expect(answer.FailedEntryCount).toBe(0);
    expect(received()).toEqual([
      {
        version: '0',
        id: answer.Entries?.[0]?.EventId,
        'detail-type': 'ECS Task State Change',
        source: 'aws.ecs',
        account: '000000000000',
        time: '2026-11-22T10:00:00Z',
        region: 'us-east-1',
        resources: ['arn:task'],
        detail: { version: 3 },
      },
      expect.objectContaining({ id: answer.Entries?.[1]?.EventId, time: '2026-11-23T00:00:00Z', resources: [] }),
    ]);
  });

  it('rejects single entries as AWS does, and accepts the others', async () => {
    const answer = await put({ ...entry, Source: '' }, { ...entry, Detail: '[1]' }, { ...entry, Detail: '{' }, entry, {
      Source: 'a',
      DetailType: 'b',
    });
    expect(answer).toMatchObject({
      FailedEntryCount: 4,
      Entries: [
        {
          ErrorCode: 'InvalidArgument',
          ErrorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.',
        },
        { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
        { ErrorCode: 'MalformedDetail' },
        { EventId: expect.any(String) },
        { ErrorCode: 'InvalidArgument' },
      ],
    });
    expect(received()).toHaveLength(1);
  });

  it('refuses more than 10 entries, and more than 1 MB in all', async () => {
    await expect(put(...Array<PutEventsRequestEntry>(11).fill(entry))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    const half = { ...entry, Detail: JSON.stringify({ text: 'x'.repeat(600_000) }) };
    await expect(put(half, half)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('over the limit'),
    });
    expect(received()).toEqual([]);
  });

  it('drops events that no rule matches and events to a missing bus', async () => {
    expect(await put({ ...entry, Source: 'unwanted' }, { ...entry, EventBusName: 'nowhere' })).toMatchObject({
      FailedEntryCount: 0,
    });
    expect(received()).toEqual([]);
    await put({ ...entry, EventBusName: 'arn:aws:events:us-east-1:000000000000:event-bus/default' });
    expect(received()).toHaveLength(1);
  });

  it('accepts one or many complete events over HTTP unchanged', async () => {
    const event = {
      version: '0',
      id: 'i1',
      'detail-type': 'T',
      source: 'aws.ec2',
      account: '111122223333',
      time: '2026-01-01T00:00:00Z',
      region: 'eu-west-1',
      resources: [],
      detail: { a: 1 },
    };
    expect(await (await post(JSON.stringify(event))).json()).toEqual({ accepted: 1, unmatched: [] });
    expect(await (await post(JSON.stringify([event, { source: 's', 'detail-type': 'd', detail: {} }]))).json()).toEqual(
      { accepted: 2, unmatched: [] },
    );
    expect(received()).toEqual([
      event,
      event,
      expect.objectContaining({ source: 's', account: '000000000000', time: '2026-11-23T00:00:00Z' }),
    ]);
  });

  it('reports which complete events no rule matches', async () => {
    const [wanted, unwanted] = ['aws.ec2', 'unwanted'].map((source) => ({ source, 'detail-type': 'T', detail: {} }));
    const answer = await post(JSON.stringify([unwanted, wanted, unwanted]));
    expect(await answer.json()).toEqual({ accepted: 3, unmatched: [0, 2] });
    expect(received()).toHaveLength(1);
  });

  it.each<[string, string]>([
    ['text that is not JSON', '{'],
    ['JSON that is not an object', '[5]'],
    ['an event without detail', '{"source":"s","detail-type":"d"}'],
    ['an event whose id is a number', '{"source":"s","detail-type":"d","detail":{},"id":5}'],
    ['a valid event with an invalid one', '[{"source":"s","detail-type":"d","detail":{}},{"source":5}]'],
  ])('refuses %s, and queues nothing', async (_, body) => {
    expect((await post(body)).status).toBe(400);
    expect(received()).toEqual([]);
  });

  it('names an operation that it does not implement', async () => {
    await expect(server.client(EventBridgeClient).send(new ListRulesCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
    expect((await fetch(`${server.url}/other`)).status).toBe(403);
  });

  it('answers no web page, neither one with an Origin nor one under another host name', async () => {
    const event = '{"source":"s","detail-type":"d","detail":{}}';
    expect((await post(event, { origin: 'https://evil.example' })).status).toBe(403);
    expect(received()).toEqual([]);
  });
});

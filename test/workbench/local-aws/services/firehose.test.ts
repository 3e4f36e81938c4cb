import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  DeleteDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
  PutRecordCommand,
} from '@aws-sdk/client-firehose';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalFirehose } from '../../../../workbench/local-aws/services/firehose.ts';
import type { Resource } from '../../../../workbench/local-aws/template/template.ts';
import { aFolder } from '../../../support/folder.ts';
import { type Served, serve } from '../serve.ts';
import { notices, VirtualClock } from '../support.ts';

const clock = new VirtualClock(Date.parse('2026-11-22T23:59:59.500Z'));
const stream = (name: string, Prefix: string): Resource => ({
  logicalId: name,
  type: 'x',
  name,
  arn: `arn:of:${name}`,
  properties: { DeliveryStreamType: 'DirectPut', ExtendedS3DestinationConfiguration: { Prefix } },
});

const results = aFolder();
const firehose = new LocalFirehose(
  [stream('answers', 'results/!{timestamp:yyyy}/'), stream('junk', 'mayfly/quarantine/day=!{timestamp:dd}/')],
  results,
  clock,
  notices().notify,
);

let server: Served;
beforeAll(async () => {
  server = await serve({ json: { Firehose_20150804: firehose.answer } });
});
afterAll(async () => {
  await server.close();
  await firehose.close();
});

describe('Firehose', () => {
  const send = (command: PutRecordBatchCommand) => server.client(FirehoseClient).send(command);
  const records = (...lines: string[]) => lines.map((line) => ({ Data: Buffer.from(line) }));

  it("answers when the records are in the day's file of the stream's prefix; a new file starts at midnight UTC", async () => {
    const first = await send(
      new PutRecordBatchCommand({ DeliveryStreamName: 'answers', Records: records('{"a":1}\n', '{"b":"ü"}\n') }),
    );
    expect(first).toMatchObject({
      FailedPutCount: 0,
      RequestResponses: [{ RecordId: expect.any(String) }, { RecordId: expect.any(String) }],
    });
    expect(readFileSync(path.join(results, 'results', '2026-11-22.ndjson'), 'utf8')).toBe('{"a":1}\n{"b":"ü"}\n');
    clock.advance(500);
    await server
      .client(FirehoseClient)
      .send(new PutRecordCommand({ DeliveryStreamName: 'answers', Record: { Data: Buffer.from('{"c":3}\n') } }));
    expect(readFileSync(path.join(results, 'results', '2026-11-23.ndjson'), 'utf8')).toBe('{"c":3}\n');
  });

  it('keeps streams separate', async () => {
    await send(new PutRecordBatchCommand({ DeliveryStreamName: 'junk', Records: records('{"x":1}\n') }));
    expect(readFileSync(path.join(results, 'mayfly', 'quarantine', '2026-11-23.ndjson'), 'utf8')).toBe('{"x":1}\n');
  });

  it.each<[string, string, Parameters<typeof records>, string]>([
    ['an unknown stream', 'other', ['x'], 'ResourceNotFoundException'],
    ['more than 500 records', 'answers', Array<string>(501).fill('x'), 'ValidationException'],
    ['a record over 1000 KiB', 'answers', ['x'.repeat(1_024_001)], 'InvalidArgumentException'],
    ['more than 4 MiB', 'answers', Array<string>(5).fill('x'.repeat(1_000_000)), 'InvalidArgumentException'],
  ])('rejects %s as AWS does', async (_, DeliveryStreamName, lines, name) => {
    await expect(
      send(new PutRecordBatchCommand({ DeliveryStreamName, Records: records(...lines) })),
    ).rejects.toMatchObject({ name });
  });

  it('names an operation that it does not implement', async () => {
    const deletion = server
      .client(FirehoseClient)
      .send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: 'answers' }));
    await expect(deletion).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'firehose DeleteDeliveryStream is not implemented locally',
    });
  });

  it('requires a prefix that begins with a separate folder', () => {
    const make = (...streams: Resource[]) => new LocalFirehose(streams, results, clock, notices().notify);
    expect(() => make(stream('a', '!{timestamp:yyyy}/'))).toThrow(/a: locally a delivery stream must be DirectPut/);
    expect(() => make(stream('a', '../outside/'))).toThrow(/a: locally/);
    expect(() => make(stream('a', 'x/'), stream('b', 'x/'))).toThrow('two delivery streams have the same prefix');
  });
});

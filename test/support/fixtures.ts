import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, SQSEvent } from 'aws-lambda';

/** An EventBridge event that a test can modify freely. */
export interface AnyEvent {
  id: string;
  source: string;
  'detail-type': string;
  time: string;
  detail: Record<string, unknown>;
  [field: string]: unknown;
}

const FOLDER = join(import.meta.dirname, '../fixtures/events');
const FILES = readdirSync(FOLDER).sort();
const texts = new Map<number, string>();

/** Numbers of all fixtures, in the order of their story. */
export const fixtureNumbers: readonly number[] = FILES.map((file) => Number(file.slice(0, 2)));

/** Returns a fresh copy of the fixture with this number; `detail` replaces fields of its detail. */
export function fixture(number: number, detail: Record<string, unknown> = {}): AnyEvent {
  const text = texts.get(number) ?? textOf(number);
  texts.set(number, text);
  const event = JSON.parse(text) as AnyEvent;
  return { ...event, detail: { ...event.detail, ...detail } };
}

function textOf(number: number): string {
  const file = FILES.find((name) => Number(name.slice(0, 2)) === number);
  if (!file) throw new Error(`there is no fixture ${number}`);
  return readFileSync(join(FOLDER, file), 'utf8');
}

/** One fixture of each detail-type, and of tasks those that run, have stopped, and are on Fargate. */
export const KINDS = [5, 7, 11, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 31, 32].map(
  (number) => [number, fixture(number)['detail-type']] as const,
);

/** Returns an SQS batch with these bodies, as a function receives it; message ids are `m0`, `m1`, … */
export function sqsBatch(bodies: readonly string[]): SQSEvent {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      receiptHandle: `receipt-${index}`,
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '0',
        SenderId: 'events',
        ApproximateFirstReceiveTimestamp: '0',
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:111122223333:mayfly',
      awsRegion: 'us-east-1',
    })),
  };
}

/** A Lambda invocation context. */
export const context: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'mayfly',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:mayfly',
  memoryLimitInMB: '256',
  awsRequestId: 'request',
  logGroupName: 'group',
  logStreamName: 'stream',
  getRemainingTimeInMillis: () => 10_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};

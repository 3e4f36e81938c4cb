import { FirehoseClient, PutRecordBatchCommand, ServiceUnavailableException } from '@aws-sdk/client-firehose';
import { mockClient } from 'aws-sdk-client-mock';

/**
 * The outcome of a put: all records are stored; none is, with an error; all are, but the answer is lost; or some
 * records are rejected within an answer of status 200.
 */
export type PutOutcome = 'ok' | 'unavailable' | 'answer lost' | { readonly refuse: (index: number) => boolean };

/** An in-memory Firehose with the real one's limits. It fails on demand. */
export class FakeFirehose {
  readonly client = new FirehoseClient({ region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  /** Outcomes of the next calls; `ok` once empty. */
  readonly script: PutOutcome[] = [];
  /** Runs before a put is answered, to simulate something that happens at that moment. */
  meanwhile: () => Promise<void> = async () => {};
  calls = 0;
  readonly #records = new Map<string, string[]>();
  /** The lines of the records that have been asked for, parsed once. */
  readonly #lines = new Map<string, readonly unknown[]>();

  constructor() {
    mockClient(this.client)
      .on(PutRecordBatchCommand)
      .callsFake((input) => this.#put(input));
  }

  /** Returns the durable NDJSON lines of a stream, parsed. */
  lines<Line>(stream: string): Line[] {
    return (this.#records.get(stream) ?? []).flatMap((record) => {
      const lines = this.#lines.get(record) ?? linesOf(record);
      this.#lines.set(record, lines);
      return lines as Line[];
    });
  }

  async #put({
    DeliveryStreamName = '',
    Records = [],
  }: {
    DeliveryStreamName?: string;
    Records?: { Data?: Uint8Array }[];
  }) {
    this.calls += 1;
    const outcome = this.script.shift() ?? 'ok';
    await this.meanwhile();
    const data = Records.map((record) => Buffer.from(record.Data ?? new Uint8Array()));
    refuseBeyondLimits(data);
    if (outcome === 'unavailable') {
      throw new ServiceUnavailableException({ message: 'Slow down.', $metadata: { httpStatusCode: 503 } });
    }
    const RequestResponses = data.map((record, index) => {
      if (typeof outcome === 'object' && outcome.refuse(index))
        return { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'Slow down.' };
      const records = this.#records.get(DeliveryStreamName) ?? [];
      this.#records.set(DeliveryStreamName, records);
      records.push(record.toString('utf8'));
      return { RecordId: `r${this.calls}-${index}` };
    });
    if (outcome === 'answer lost') throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    return { FailedPutCount: RequestResponses.filter((answer) => 'ErrorCode' in answer).length, RequestResponses };
  }
}

function linesOf(record: string): unknown[] {
  if (!record.endsWith('\n')) throw new Error('a record does not end its last line');
  return record
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** @see Firehose API reference, PutRecordBatch: 500 records or 4 MiB a call, 1,000 KiB a record. */
function refuseBeyondLimits(data: readonly Buffer[]): void {
  const fail = (message: string): never => {
    throw Object.assign(new Error(message), { name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
  };
  if (data.length < 1 || data.length > 500) fail(`${data.length} records`);
  if (data.some((record) => record.length < 1 || record.length > 1_024_000)) fail('a record is larger than 1,000 KiB');
  if (data.reduce((sum, record) => sum + record.length, 0) > 4 * 1024 * 1024) fail('the records are larger than 4 MiB');
}

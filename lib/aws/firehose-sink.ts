import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import * as z from 'zod/mini';
import { MayflyError } from '../core/errors.ts';
import { type Line, packed, type ResultSink } from '../core/results/lines.ts';

const name = z.string().check(z.minLength(1));
export const SinkEnv = { RESULTS_STREAM_NAME: name, LOGS_STREAM_NAME: name, QUARANTINE_STREAM_NAME: name };

export interface StreamNames {
  readonly results: string;
  readonly logs: string;
  readonly quarantine: string;
}

// PutRecordBatch: 500 records or 4 MiB; our records are at most 1 MB each.
const MAX_RECORDS = 500;
const MAX_BYTES = 3_900_000;
const ROUNDS = 4;

/**
 * Lines to Firehose, one stream a kind. Firehose refuses single records with status 200, so each answer is looked
 * through and what was refused is sent again.
 *
 * @throws {MayflyError} `STORE_REFUSED` when records are still refused in the last round
 */
export class FirehoseSink implements ResultSink {
  readonly #client: FirehoseClient;
  readonly #streams: StreamNames;

  constructor(streams: StreamNames, client: FirehoseClient = new FirehoseClient({})) {
    this.#streams = streams;
    this.#client = client;
  }

  results(lines: readonly Line[]): Promise<void> {
    return this.#put(this.#streams.results, lines);
  }

  logs(lines: readonly Line[]): Promise<void> {
    return this.#put(this.#streams.logs, lines);
  }

  quarantine(lines: readonly Line[]): Promise<void> {
    return this.#put(this.#streams.quarantine, lines);
  }

  async #put(stream: string, lines: readonly Line[]): Promise<void> {
    for (const batch of batches(packed(lines).map((text) => Buffer.from(text)))) await this.#putBatch(stream, batch);
  }

  async #putBatch(stream: string, batch: Buffer[]): Promise<void> {
    let left = batch;
    for (let round = 0; round < ROUNDS; round++) {
      const { FailedPutCount, RequestResponses = [] } = await this.#client.send(
        new PutRecordBatchCommand({ DeliveryStreamName: stream, Records: left.map((Data) => ({ Data })) }),
      );
      if (!FailedPutCount) return;
      left = left.filter((_, index) => RequestResponses[index]?.ErrorCode !== undefined);
    }
    throw new MayflyError('STORE_REFUSED', `${stream} refused ${left.length} of ${batch.length} records`);
  }
}

function* batches(records: readonly Buffer[]): Generator<Buffer[]> {
  let open: Buffer[] = [];
  let bytes = 0;
  for (const record of records) {
    if (open.length === MAX_RECORDS || (open.length > 0 && bytes + record.length > MAX_BYTES)) {
      yield open;
      open = [];
      bytes = 0;
    }
    open.push(record);
    bytes += record.length;
  }
  if (open.length > 0) yield open;
}

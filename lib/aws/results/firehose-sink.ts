import { setTimeout as pause } from 'node:timers/promises';
import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { MayflyError } from '../../core/errors.ts';
import { type Line, packed, type ResultSink, type TimeLeft } from '../../core/results/lines.ts';

export interface StreamNames {
  readonly results: string;
  readonly logs: string;
  readonly quarantine: string;
}

// PutRecordBatch: 500 records or 4 MiB; our records are at most 1 MB each.
const MAX_RECORDS = 500;
const MAX_BYTES = 3_900_000;
/** How long throttling is retried when the caller gives no deadline. */
const PATIENCE_MS = 5_000;
/** Reserved at the end of the deadline for sending the reply. */
const RESERVE_MS = 1_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** How the sink waits. Tests inject their own clock. */
export interface Waiting {
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly random: () => number; // 0 to 1
  readonly now: () => number; // ms since any fixed moment
}

const realWaiting: Waiting = { sleep: (ms) => pause(ms), random: Math.random, now: () => performance.now() };

/**
 * Writes lines to Firehose, one stream per kind. Firehose can accept a batch with status 200 and still refuse some of its
 * records, which means throttling. Refused records are sent again after an exponential pause with full jitter, until the
 * deadline.
 *
 * @throws {MayflyError} `STORE_REFUSED` if records are still refused at the deadline
 * @see AWS Builders' Library, "Timeouts, retries, and backoff with jitter"
 */
export class FirehoseSink implements ResultSink {
  readonly #client: FirehoseClient;
  readonly #streams: StreamNames;
  readonly #waiting: Waiting;

  constructor(streams: StreamNames, client: FirehoseClient = new FirehoseClient({}), waiting: Waiting = realWaiting) {
    this.#streams = streams;
    this.#client = client;
    this.#waiting = waiting;
  }

  results(lines: readonly Line[], timeLeftMs?: TimeLeft): Promise<void> {
    return this.#put(this.#streams.results, lines, timeLeftMs);
  }

  logs(lines: readonly Line[], timeLeftMs?: TimeLeft): Promise<void> {
    return this.#put(this.#streams.logs, lines, timeLeftMs);
  }

  quarantine(lines: readonly Line[], timeLeftMs?: TimeLeft): Promise<void> {
    return this.#put(this.#streams.quarantine, lines, timeLeftMs);
  }

  async #put(stream: string, lines: readonly Line[], timeLeftMs = this.#patience()): Promise<void> {
    const records = packed(lines).map((text) => Buffer.from(text));
    for (const batch of batches(records)) await this.#putBatch(stream, batch, timeLeftMs);
  }

  #patience(): TimeLeft {
    const endsMs = this.#waiting.now() + PATIENCE_MS + RESERVE_MS;
    return () => endsMs - this.#waiting.now();
  }

  async #putBatch(stream: string, batch: Buffer[], timeLeftMs: TimeLeft): Promise<void> {
    const { sleep, random } = this.#waiting;
    let left = batch;
    for (let longestMs = FIRST_PAUSE_MS; ; longestMs = Math.min(2 * longestMs, LONGEST_PAUSE_MS)) {
      const { FailedPutCount, RequestResponses = [] } = await this.#client.send(
        new PutRecordBatchCommand({ DeliveryStreamName: stream, Records: left.map((Data) => ({ Data })) }),
      );
      if (!FailedPutCount) return;
      left = left.filter((_, index) => RequestResponses[index]?.ErrorCode !== undefined);
      const pauseMs = random() * longestMs;
      if (timeLeftMs() - pauseMs < RESERVE_MS) break;
      await sleep(pauseMs);
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

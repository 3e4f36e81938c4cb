import path from 'node:path';
import type { Clock } from '../machine/clock.ts';
import { DurableLog } from '../machine/durable-log.ts';
import { LocalError } from '../machine/local-error.ts';
import type { Notify } from '../machine/notice.ts';
import { AwsError, required, type Service, unknownOperation } from '../protocol/aws-error.ts';
import type { Resource } from '../template/template.ts';

/** Firehose's limits on one call. @see Firehose API reference, PutRecordBatch */
const MAX_RECORDS = 500;
const MAX_CALL_BYTES = 4 * 1024 * 1024;
const MAX_RECORD_BYTES = 1000 * 1024;

/**
 * Firehose on folders. Appends records to `<results>/<prefix>/YYYY-MM-DD.ndjson` and acknowledges them once they are on
 * disk. Like Firehose it adds no delimiter between records, so each record must end with its own newline.
 */
export class LocalFirehose {
  private readonly folders: ReadonlyMap<string, string>;
  private readonly files = new Map<string, Promise<DurableLog>>(); // keyed by path; one file per stream and day

  constructor(
    streams: readonly Resource[],
    private readonly results: string,
    private readonly clock: Clock,
    private readonly notify: Notify,
  ) {
    this.folders = new Map(streams.map((stream) => [stream.name, prefixOf(stream)]));
    if (new Set(this.folders.values()).size < streams.length)
      throw new LocalError('two delivery streams have the same prefix');
  }

  readonly answer: Service = async (operation, input) => {
    const stream = required(input, 'DeliveryStreamName');
    if (operation === 'PutRecordBatch') {
      const records: unknown = Object(input).Records;
      if (!Array.isArray(records) || records.length === 0 || records.length > MAX_RECORDS) {
        throw new AwsError('ValidationException', `Records: must have 1 to ${MAX_RECORDS} members`);
      }
      const ids = await this.store(stream, records);
      return { FailedPutCount: 0, Encrypted: false, RequestResponses: ids.map((RecordId) => ({ RecordId })) };
    }
    if (operation === 'PutRecord') {
      const [RecordId] = await this.store(stream, [Object(input).Record]);
      return { RecordId, Encrypted: false };
    }
    throw unknownOperation('firehose', operation);
  };

  async close(): Promise<void> {
    for (const file of this.files.values()) await (await file).close();
  }

  /** @returns one id per record: its file and position */
  private async store(stream: string, records: readonly unknown[]): Promise<string[]> {
    const folder = this.folders.get(stream);
    if (folder === undefined)
      throw new AwsError('ResourceNotFoundException', `Firehose ${stream} not found under this account.`);
    const contents = records.map((record) => Buffer.from(String(Object(record).Data ?? ''), 'base64'));
    if (contents.some((content) => content.length > MAX_RECORD_BYTES)) {
      throw new AwsError('InvalidArgumentException', `a record has more than ${MAX_RECORD_BYTES} bytes`);
    }
    const bytes = Buffer.concat(contents);
    if (bytes.length > MAX_CALL_BYTES)
      throw new AwsError('InvalidArgumentException', `the records have more than ${MAX_CALL_BYTES} bytes`);
    const day = new Date(this.clock.now()).toISOString().slice(0, 10); // UTC, like Firehose's prefixes
    const log = await this.open(path.join(this.results, folder, `${day}.ndjson`));
    await log.append(bytes);
    return records.map((_, index) => `${folder}/${day}:${log.bytes}.${index}`);
  }

  private open(file: string): Promise<DurableLog> {
    const known = this.files.get(file);
    if (known) return known;
    const opened = DurableLog.open(file, this.notify);
    this.files.set(file, opened);
    opened.catch(() => this.files.delete(file)); // the next call retries
    return opened;
  }
}

/** Returns the constant start of a stream's S3 prefix: "results" for "results/year=!{timestamp:yyyy}/…". */
function prefixOf({ logicalId, properties }: Resource): string {
  const destination = Object(properties.ExtendedS3DestinationConfiguration);
  const constant = String(destination.Prefix ?? '').split('!{')[0] ?? '';
  const folders = constant.split('/').slice(0, -1);
  if (
    properties.DeliveryStreamType !== 'DirectPut' ||
    folders.length === 0 ||
    folders.some((name) => !/^[\w-]+$/.test(name))
  ) {
    throw new LocalError(
      `${logicalId}: locally a delivery stream must be DirectPut, with an S3 prefix that begins with a folder`,
    );
  }
  return path.join(...folders);
}

import type { Clock } from '../machine/clock.ts';
import type { Service } from '../protocol/aws-error.ts';
import { countCapacity } from './capacity.ts';

/** Firehose bills each record in steps of 5 KB. */
const FIREHOSE_STEP = 5 * 1024;

export interface FunctionUsage {
  readonly invocations: number;
  /** As billed: each invocation in whole ms, with the start of its environment. */
  readonly seconds: number;
  readonly gbSeconds: number;
}

/** What a run used, as AWS would meter it. */
export interface LocalUsage {
  readonly startedAtMs: number;
  readonly seconds: number;
  /** What agents connect to. The requests to a service are not counted. */
  readonly front: 'serverless' | 'service';
  /** Requests to the API, by path. */
  readonly requests: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, FunctionUsage>>;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Requests without empty receives; messages that were sent, and the batches in which they were received. */
  readonly queues: { readonly requests: number; readonly sent: number; readonly batches: number };
  readonly firehose: { readonly requests: number; readonly bytes: number };
  /** Events put on buses through the API. */
  readonly busEvents: number;
}

/** Counts what a run uses, as AWS would meter it. The operator's own programs do not count. */
export class Meter {
  readonly #clock: Clock;
  readonly #front: LocalUsage['front'];
  readonly #startedAtMs: number;
  readonly #requests = new Map<string, number>();
  readonly #functions = new Map<string, { -readonly [Name in keyof FunctionUsage]: number }>();
  readonly #units = { read: 0, write: 0 };
  readonly #queues = { requests: 0, sent: 0, batches: 0 };
  readonly #firehose = { requests: 0, bytes: 0 };
  #busEvents = 0;

  constructor(clock: Clock, front: LocalUsage['front']) {
    this.#front = front;
    this.#clock = clock;
    this.#startedAtMs = clock.now();
  }

  request(path: string): void {
    add(this.#requests, path);
  }

  invocation(name: string, memoryMb: number, ms: number): void {
    const counted = this.#functions.get(name) ?? { invocations: 0, seconds: 0, gbSeconds: 0 };
    counted.invocations += 1;
    counted.seconds += Math.ceil(ms) / 1000;
    counted.gbSeconds += (memoryMb / 1024) * (Math.ceil(ms) / 1000);
    this.#functions.set(name, counted);
  }

  queueRequest(request: 'send' | 'receive' | 'delete', messages: number): void {
    this.#queues.requests += 1;
    if (request === 'send') this.#queues.sent += messages;
    if (request === 'receive') this.#queues.batches += 1;
  }

  /** @param index key attributes of the table's index */
  database(service: Service, index: readonly string[]): Service {
    const units = this.#units;
    const read = (count: number): void => {
      units.read += count;
    };
    const write = (count: number): void => {
      units.write += count;
    };
    return countCapacity(service, { read, write }, index);
  }

  firehose(service: Service): Service {
    return async (operation, input) => {
      const output = await service(operation, input);
      const records: readonly unknown[] = Object(input).Records ?? [Object(input).Record];
      this.#firehose.requests += 1;
      for (const record of records) {
        const bytes = Buffer.byteLength(String(Object(record).Data ?? ''), 'base64');
        this.#firehose.bytes += FIREHOSE_STEP * Math.ceil(bytes / FIREHOSE_STEP);
      }
      return output;
    };
  }

  bus(service: Service): Service {
    return async (operation, input) => {
      const output = await service(operation, input);
      this.#busEvents += Array.from(Object(input).Entries ?? []).length;
      return output;
    };
  }

  usage(): LocalUsage {
    return {
      startedAtMs: this.#startedAtMs,
      seconds: (this.#clock.now() - this.#startedAtMs) / 1000,
      front: this.#front,
      requests: Object.fromEntries(this.#requests),
      functions: Object.fromEntries([...this.#functions].map(([name, counted]) => [name, { ...counted }])),
      readUnits: this.#units.read,
      writeUnits: this.#units.write,
      queues: { ...this.#queues },
      firehose: { ...this.#firehose },
      busEvents: this.#busEvents,
    };
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

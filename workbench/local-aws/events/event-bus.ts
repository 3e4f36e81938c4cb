import { randomUUID } from 'node:crypto';
import type { Clock } from '../machine/clock.ts';
import { AwsError, type Service, unknownOperation } from '../protocol/aws-error.ts';
import type { LocalQueue } from './queues.ts';

export interface EventRule {
  readonly bus: string; // name
  readonly matches: (event: unknown) => boolean;
  readonly targets: readonly LocalQueue[];
}

/** An event as rules and targets see it. @see EventBridge User Guide, "Events" */
export interface EventEnvelope {
  readonly version: string;
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string; // whole seconds, UTC
  readonly region: string;
  readonly resources: readonly unknown[];
  readonly detail: object;
}

interface Entry {
  Source?: string;
  DetailType?: string;
  Detail?: string;
  EventBusName?: string;
  Resources?: string[];
  Time?: number; // epoch seconds
}

const MAX_ENTRIES = 10;
/**
 * Limit on the sum over all entries, since January 2026. @see EventBridge User Guide, "Calculating PutEvents event
 * entry size"
 */
const MAX_REQUEST_BYTES = 1024 * 1024;
/** SQS's limit on a message. */
const MAX_EVENT_BYTES = 1024 * 1024;

/**
 * The default event bus and those of a stack. An event is accepted once it is durable in every queue that a rule sends
 * it to.
 */
export class EventBus {
  constructor(
    private readonly rules: readonly EventRule[],
    private readonly scope: { readonly account: string; readonly region: string },
    private readonly clock: Clock,
  ) {}

  /**
   * Accepts complete events in EventBridge's format and fills in missing envelope fields.
   *
   * @returns the indices of the events that match no rule and so have no effect
   * @throws {AwsError} `ValidationException`, before anything is queued, if one of them is not an event
   */
  async put(events: readonly unknown[]): Promise<number[]> {
    const envelopes = events.map((event, index) => this.complete(event, index));
    const matched = await Promise.all(envelopes.map((event) => this.route(event, 'default')));
    return matched.flatMap((isMatched, index) => (isMatched ? [] : [index]));
  }

  /** The EventBridge API. */
  readonly answer: Service = async (operation, input) => {
    if (operation !== 'PutEvents') throw unknownOperation('events', operation);
    return this.putEntries(input);
  };

  /** Accepts sources beginning with "aws." too (AWS rejects them), because no AWS service sends events here. */
  private async putEntries(input: unknown): Promise<unknown> {
    const entries: unknown = Object(input).Entries;
    if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_ENTRIES) {
      throw new AwsError('ValidationException', `Entries: must have 1 to ${MAX_ENTRIES} members`);
    }
    const sizeBytes = entries.reduce((sum: number, entry) => sum + sizeOf(Object(entry)), 0);
    if (sizeBytes > MAX_REQUEST_BYTES) {
      throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
    }
    const results = [];
    for (const entry of entries) results.push(await this.putEntry(Object(entry)).catch(failedEntry));
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  }

  private async putEntry(entry: Entry): Promise<{ EventId: string } | { ErrorCode: string; ErrorMessage: string }> {
    for (const field of ['Source', 'DetailType', 'Detail'] as const) {
      if (typeof entry[field] === 'string' && entry[field] !== '') continue;
      const ErrorMessage = `Parameter ${field} is not valid. Reason: ${field} is a required argument.`;
      return { ErrorCode: 'InvalidArgument', ErrorMessage };
    }
    const detail = parseObject(entry.Detail ?? '');
    if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    const event = this.complete({
      source: entry.Source,
      'detail-type': entry.DetailType,
      detail,
      resources: Array.isArray(entry.Resources) ? entry.Resources : [],
      time: secondsUtc(typeof entry.Time === 'number' ? entry.Time * 1000 : this.clock.now()),
    });
    // The bus is given by name or ARN. As in AWS, an event for a bus that does not exist is dropped.
    await this.route(event, entry.EventBusName?.split('/').at(-1) ?? 'default');
    return { EventId: event.id };
  }

  /** @returns whether a rule matches the event */
  private async route(event: EventEnvelope, bus: string): Promise<boolean> {
    const body = JSON.stringify(event);
    const document: unknown = JSON.parse(body);
    const rules = this.rules.filter((rule) => rule.bus === bus && rule.matches(document));
    await Promise.all(rules.flatMap(({ targets }) => targets).map((queue) => queue.send(body)));
    return rules.length > 0;
  }

  private complete(event: unknown, index = 0): EventEnvelope {
    const given = Object(event);
    for (const field of ['source', 'detail-type', 'id', 'time', 'account', 'region']) {
      const mayLack = field !== 'source' && field !== 'detail-type';
      if (typeof given[field] === 'string' || (mayLack && given[field] === undefined)) continue;
      throw new AwsError('ValidationException', `event ${index}: "${field}" must be a string`);
    }
    if (typeof given.detail !== 'object' || given.detail === null || Array.isArray(given.detail)) {
      throw new AwsError('ValidationException', `event ${index}: "detail" must be an object`);
    }
    const envelope: EventEnvelope = {
      version: '0',
      id: randomUUID(),
      time: secondsUtc(this.clock.now()),
      resources: [],
      ...this.scope,
      ...given,
    };
    if (Buffer.byteLength(JSON.stringify(envelope)) > MAX_EVENT_BYTES) {
      throw new AwsError(
        'ValidationException',
        `event ${index}: has more than ${MAX_EVENT_BYTES} bytes, which no queue takes`,
      );
    }
    return envelope;
  }
}

/** The error of one rejected entry; it does not affect the others. */
function failedEntry(error: unknown): { ErrorCode: string; ErrorMessage: string } {
  if (!(error instanceof AwsError)) throw error;
  return { ErrorCode: error.code, ErrorMessage: error.message };
}

/** Formats an instant as "2025-03-01T12:00:00Z". */
export const secondsUtc = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 19)}Z`;

function sizeOf(entry: Entry): number {
  const texts = [
    entry.Source,
    entry.DetailType,
    entry.Detail,
    ...(Array.isArray(entry.Resources) ? entry.Resources : []),
  ];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(String(text ?? '')), entry.Time === undefined ? 0 : 14);
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

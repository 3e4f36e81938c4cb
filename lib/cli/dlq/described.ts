import type { Parts } from '../deployment/parts.ts';
import { LOGS_NEED, openLogs } from '../logs/log-source.ts';
import { note } from '../terminal/print.ts';
import { type DeadLetter, READ_NEEDS } from './dead-letters.ts';

/** What `dlq list` and `dlq show` need in AWS. */
export const LIST_NEEDS = `${READ_NEEDS}, and ${LOGS_NEED}`;

/** A dead letter, as `--json` prints it. */
export interface LetterReport {
  readonly id: string;
  /** The queue that it came from; null if the message does not say. */
  readonly queue: string | null;
  readonly sentAt: string;
  readonly receives: number;
  readonly event: {
    readonly id: string | null;
    readonly source: string | null;
    readonly detailType: string | null;
    /** What the event is about: an ARN or an id. */
    readonly about: string | null;
  };
  /** Why it failed; null if the log no longer says. */
  readonly failure: { readonly kind: 'undelivered' | 'function'; readonly error: string } | null;
}

/** The errors of functions by message, from the logs. A log that cannot be read leaves them out. */
export async function errorsOf(letters: readonly DeadLetter[], parts: Parts): Promise<ReadonlyMap<string, string>> {
  const failed = letters.filter(({ undelivered }) => !undelivered);
  if (failed.length === 0) return new Map();
  const sinceMs = Math.min(...failed.map(({ sentAtMs }) => sentAtMs));
  const source = await openLogs(parts, { sinceMs, events: ['event_failed'] });
  try {
    const lines = await source.next();
    return new Map(lines.map(({ fields }) => [String(fields.messageId), String(fields.error)]));
  } catch (error) {
    note(
      `The logs cannot be read, so errors of functions are missing: ${error instanceof Error ? error.message : error}`,
    );
    return new Map();
  } finally {
    source.close();
  }
}

export function reportOf(letter: DeadLetter, errors: ReadonlyMap<string, string>): LetterReport {
  const { id, source, sentAtMs, receives, event, undelivered } = letter;
  const error = errors.get(id);
  return {
    id,
    queue: source?.name ?? null,
    sentAt: new Date(sentAtMs).toISOString(),
    receives,
    event: {
      id: textOf(event?.id),
      source: textOf(event?.source),
      detailType: textOf(event?.['detail-type']),
      about: aboutOf(event),
    },
    failure: undelivered
      ? { kind: 'undelivered', error: [undelivered.code, undelivered.message].filter(Boolean).join(': ') }
      : error === undefined
        ? null
        : { kind: 'function', error },
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The members of a detail that name what it is about, the most precise first. */
const SUBJECTS = ['taskArn', 'containerInstanceArn', 'instance-id', 'EC2InstanceId', 'id', 'request'];

function aboutOf(event: DeadLetter['event']): string | null {
  const detail: unknown = event?.detail;
  if (typeof detail !== 'object' || detail === null) return null;
  const members: Readonly<Record<string, unknown>> = { ...detail };
  return SUBJECTS.flatMap((name) => textOf(members[name]) ?? []).at(0) ?? null;
}

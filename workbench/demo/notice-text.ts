import { join } from 'node:path';
import { count, printable, seconds } from '../../lib/cli/terminal/print.ts';
import type { LocalNotice } from '../local-aws/index.ts';

/** Formats a notice of a local Mayfly as one line of text, with a pointer to the relevant log. */
export function noticeText(notice: LocalNotice, logs: string): string {
  const logOf = (name: string): string => join(logs, `${name}.log`);
  switch (notice.kind) {
    case 'function-error': {
      const { errorType, message } = notice;
      return `${notice.function} failed: ${errorType}: ${printable(message)}; see ${logOf(notice.function)}`;
    }
    case 'retry': {
      const what = `${notice.function} could not handle ${count(notice.messages, 'event')}`;
      return `${what}, tries again in ${seconds(notice.delayMs)}; "event_failed" in ${logOf(notice.function)} says why`;
    }
    case 'dead-letter':
      return `an event failed ${notice.receives} times and lies in ${notice.deadLetterQueue} now, from ${notice.queue}`;
    case 'queue-error':
      return `${notice.queue} cannot be written, its events come again: ${printable(notice.message)}`;
    case 'gateway-response': {
      const { responseType, status, method, path } = notice;
      return `${printable(`${method} ${path}`)} was answered by the gateway itself: ${responseType}, ${status}`;
    }
    case 'torn-tail':
      return `${notice.file}: a write that a crash cut short was removed, ${count(notice.bytes, 'byte')}`;
    case 'dynamodb-restarted':
      return `the embedded DynamoDB was restarted (${printable(notice.exit)}); see ${logOf('dynoxide')}`;
    default:
      return notice satisfies never;
  }
}

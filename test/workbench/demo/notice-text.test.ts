import { describe, expect, it } from '@jest/globals';
import { noticeText } from '../../../workbench/demo/notice-text.ts';

const LOGS = '/data/logs';

describe('a notice on the terminal of a running Mayfly', () => {
  it('names the log that explains why an event could not be handled', () => {
    const retry = { kind: 'retry', queue: 'q', function: 'tasks', messages: 1, delayMs: 500 } as const;
    expect(noticeText(retry, LOGS)).toBe(
      'tasks could not handle 1 event, tries again in 0.5 s; "event_failed" in /data/logs/tasks.log says why',
    );
    const last = { kind: 'dead-letter', queue: 'q', deadLetterQueue: 'dead', messageId: 'm', receives: 5 } as const;
    expect(noticeText(last, LOGS)).toBe('an event failed 5 times and lies in dead now, from q');
  });

  it('is one line, whatever text it contains', () => {
    const failed = {
      kind: 'function-error',
      function: 'f',
      errorType: 'Error',
      message: 'two\nlines\u001b[2J',
    } as const;
    expect(noticeText(failed, LOGS)).toBe('f failed: Error: two lines [2J; see /data/logs/f.log');
    const answered = {
      kind: 'gateway-response',
      responseType: 'THROTTLED',
      status: 429,
      method: 'POST',
      path: '/a\u001b[2J',
    } as const;
    expect(noticeText(answered, LOGS)).toBe('POST /a [2J was answered by the gateway itself: THROTTLED, 429');
  });
});

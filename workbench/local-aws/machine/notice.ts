/** Something that the operator may want to see. The terminal view shows it, or it goes to a log. */
export type LocalNotice =
  | { kind: 'function-error'; function: string; errorType: string; message: string }
  | { kind: 'retry'; queue: string; function: string; messages: number; delayMs: number }
  | { kind: 'queue-error'; queue: string; message: string } // such as a full disk; the messages are retried
  | { kind: 'dead-letter'; queue: string; deadLetterQueue: string; messageId: string; receives: number }
  | { kind: 'gateway-response'; responseType: string; status: number; method: string; path: string }
  | { kind: 'torn-tail'; file: string; bytes: number } // an unacknowledged line cut off by a crash; removed
  | { kind: 'dynamodb-restarted'; exit: string };

export type Notify = (notice: LocalNotice) => void;

/** Something an operator may want to see: shown by the terminal view, or written to a log. */
export type LocalNotice =
  | { kind: 'function-error'; function: string; errorType: string; message: string }
  | { kind: 'retry'; queue: string; function: string; messages: number; delayMs: number }
  | { kind: 'queue-error'; queue: string; message: string } // such as a full disk; the messages are tried again
  | { kind: 'dead-letter'; queue: string; deadLetterQueue: string; messageId: string; receives: number }
  | { kind: 'gateway-response'; responseType: string; status: number; method: string; path: string }
  | { kind: 'torn-tail'; file: string; bytes: number } // the end of a write that a crash cut short, removed; never acknowledged
  | { kind: 'dynamodb-restarted'; exit: string };

export type Notify = (notice: LocalNotice) => void;

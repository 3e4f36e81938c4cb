import type { Endpoint } from './faults.ts';

/** An event of a simulated agent, for a live view and for tests. */
export type AgentNotice =
  | { readonly kind: 'started' | 'stopped' | 'wiped' }
  /** The worker died or its watchdog ends it. The next worker starts from the database. */
  | { readonly kind: 'crashed'; readonly reason: string }
  /** A server's answer would have crashed a real osqueryd: a fault of the server. */
  | { readonly kind: 'would-have-crashed'; readonly endpoint: Endpoint; readonly reason: string }
  /** osqueryd gave up: code 78 without a node key at start, code 1 after too many early worker deaths. */
  | { readonly kind: 'exited'; readonly code: number }
  /** A request has ended; with the hidden resend it was sent `copies` times. */
  | {
      readonly kind: 'requested';
      readonly endpoint: Endpoint;
      readonly copies: number;
      readonly durationMs: number;
      readonly failure: string | null;
    }
  | { readonly kind: 'enrolled'; readonly nodeKey: string }
  | { readonly kind: 'enroll-failed'; readonly attempt: number; readonly reason: string }
  /** The server answered `node_invalid`; the agent deleted its stored key. */
  | { readonly kind: 'node-key-deleted'; readonly endpoint: Endpoint }
  | { readonly kind: 'config-applied'; readonly configHash: string; readonly scheduled: number }
  | { readonly kind: 'config-unchanged' }
  /** The schedule was cleared and the new document was unusable: the agent now runs nothing. */
  | { readonly kind: 'config-rejected'; readonly reason: string }
  | { readonly kind: 'config-failed'; readonly reason: string }
  /** A distributed read was answered; `queries` are the accepted ids. */
  | { readonly kind: 'polled'; readonly queries: readonly string[]; readonly accelerateSeconds: number | null }
  | { readonly kind: 'work-rejected'; readonly reason: string }
  | { readonly kind: 'discovery-skipped'; readonly id: string }
  | {
      readonly kind: 'query-executed';
      readonly id: string;
      readonly sql: string;
      readonly rows: number;
      /** SQLite's message, empty on success. */
      readonly message: string;
      readonly durationMs: number;
    }
  | { readonly kind: 'query-denylisted'; readonly id: string; readonly sql: string }
  | { readonly kind: 'results-written'; readonly ids: readonly string[] }
  | { readonly kind: 'results-kept'; readonly ids: readonly string[]; readonly reason: string }
  | { readonly kind: 'schedule-executed'; readonly name: string; readonly rows: number; readonly message: string }
  | { readonly kind: 'log-sent'; readonly logType: 'result' | 'status'; readonly lines: number }
  | {
      readonly kind: 'log-kept';
      readonly logType: 'result' | 'status';
      readonly lines: number;
      readonly reason: string;
    };

export type AgentEvent = AgentNotice & {
  /** The agent's host identifier. */
  readonly host: string;
  /** Epoch milliseconds. */
  readonly atMs: number;
};

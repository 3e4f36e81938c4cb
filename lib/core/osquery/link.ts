/** The connection of a request. */
export interface Link {
  /** The latest time of a reply, epoch ms: the agent counts from when it began to connect. @default - any */
  readonly untilMs?: number;
  /** Calls `closed` when the connection is closed or the reply is sent. */
  onClosed(closed: () => void): void;
  /** Called once the request has shown a valid node key. */
  readonly prove?: () => void;
}

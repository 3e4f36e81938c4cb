/**
 * Which answers were stored. Agents send an answer again whenever a reply was lost: up to six copies, milliseconds
 * apart or minutes (docs/spec/osquery-protocol.md §4).
 */
export interface AnswerBook {
  /**
   * Takes an answer to store it. `busy` while another request is storing it: the agent is told to come again, and
   * finds it `stored`, or `claimed` by itself once the claim of a request that died has run out.
   */
  claim(host: string, wireId: string, nowMs: number, untilMs: number): Promise<'claimed' | 'busy' | 'stored'>;
  /** Says that it is durable, and what it meant has been settled. */
  stored(host: string, wireId: string, nowMs: number): Promise<void>;
  /** Gives a claim back, after a failure that passes. */
  release(host: string, wireId: string): Promise<void>;
}

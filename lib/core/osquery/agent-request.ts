import type { TimeLeft } from '../results/lines.ts';
import type { Link } from './link.ts';
import type { RequestBody } from './request-body.ts';

/** One request of an agent, independent of the front that received it. */
export interface AgentRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization?: string;
  readonly body: RequestBody;
  /** How long the function may still run: longer work is left to the agent's next attempt. */
  readonly timeLeftMs: TimeLeft;
  /** The connection, for a front that holds reads. */
  readonly link?: Link;
}

/** Whether the request has a method that agents use. */
export const isPost = ({ method }: Pick<AgentRequest, 'method'>): boolean => method === 'POST' || method === 'PUT';

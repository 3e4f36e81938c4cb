import { traceOf } from '../errors.ts';
import { accelerateSeconds } from '../nodes/node.ts';
import { isSeenDue } from '../nodes/second-agents.ts';
import type { Report } from '../reports/report.ts';
import { claimIn } from './admission.ts';
import { type AgentRequest, isPost } from './agent-request.ts';
import { type AccessDeps, type NodePartition, partitionOf } from './node-access.ts';
import { type Reply, work } from './replies.ts';
import { endpointOf } from './routes.ts';
import type { TlsApi } from './tls-api.ts';

/** The whole TLS API, for every request except polls of idle hosts. */
export interface WholeApi {
  readonly api: Pick<TlsApi, 'answer' | 'answerRead'>;
  readonly report: Report;
}

/**
 * Answers polls of idle hosts, which are nearly all requests, with one read and little code. The whole API answers the rest
 * and is loaded when the first such request comes. If the read fails, the whole API reads again, with its retries.
 */
export class IdleReads {
  readonly #deps: AccessDeps;
  readonly #whole: () => Promise<WholeApi>;

  /** @param whole loads the whole API; later calls return the same one */
  constructor(deps: AccessDeps, whole: () => Promise<WholeApi>) {
    this.#deps = deps;
    this.#whole = whole;
  }

  async answer(request: AgentRequest): Promise<Reply> {
    if (endpointOf(request.path) !== 'read' || !isPost(request)) return (await this.#whole()).api.answer(request);
    let partition: NodePartition | undefined;
    try {
      partition = await this.#partitionOf(request);
    } catch (error) {
      const { api, report } = await this.#whole();
      report('read_retried', { error: traceOf(error) });
      return api.answer(request);
    }
    if (!partition) return (await this.#whole()).api.answer(request);
    if (isIdle(partition, this.#deps.now())) return work([], undefined);
    return (await this.#whole()).api.answerRead(partition, request.timeLeftMs);
  }

  async #partitionOf(request: AgentRequest): Promise<NodePartition | undefined> {
    const claimed = await claimIn('read', request, this.#deps);
    return 'claim' in claimed ? partitionOf(claimed.claim, this.#deps) : undefined;
  }
}

/** Whether a poll finds nothing to deliver, to settle or to record, and the agent need not poll faster. */
function isIdle({ node, deliveries, pending }: NodePartition, nowMs: number): boolean {
  const isQueueEmpty = deliveries.length === 0 && pending.length === 0;
  const isNodeSettled = node.contests === undefined && !isSeenDue(node, nowMs);
  return isQueueEmpty && isNodeSettled && accelerateSeconds(node, nowMs) === undefined;
}

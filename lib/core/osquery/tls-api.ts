import { traceOf } from '../errors.ts';
import type { TimeLeft } from '../results/lines.ts';
import { bearerIn, bodyBoundsOf, claimIn, documentOf } from './admission.ts';
import { type AgentRequest, isPost } from './agent-request.ts';
import { answerEnroll } from './answer-enroll.ts';
import { answerConfig, answerLog, answerRead, answerWrite } from './answer-node.ts';
import type { TlsApiDeps } from './deps.ts';
import { heldRead } from './held-read.ts';
import { KnownReads } from './known-reads.ts';
import { type NodePartition, nodeOf, partitionOf } from './node-access.ts';
import { quarantine } from './quarantine.ts';
import { nodeInvalid, plain, type Reply, refused } from './replies.ts';
import { nodeKeyOf } from './request-key.ts';
import { type Endpoint, endpointOf, isCarve } from './routes.ts';

/**
 * The osquery TLS API: enroll, config, log, distributed read and write. Every reply makes the agent do the right thing (the
 * table in docs/spec/osquery-protocol.md §3.5). Nothing is thrown.
 */
export class TlsApi {
  readonly #deps: TlsApiDeps;
  readonly #known = new KnownReads();

  constructor(deps: TlsApiDeps) {
    this.#deps = deps;
  }

  answer(request: AgentRequest, endpoint = endpointOf(request.path)): Promise<Reply> {
    if (!endpoint) return Promise.resolve(withoutEndpoint(request.path));
    if (!isPost(request)) return Promise.resolve(refused(`${request.method} is not POST`));
    return this.#safely(endpoint, this.#dispatch(endpoint, request));
  }

  /** Answers a distributed read whose key is checked and whose partition is read. Nothing is thrown. */
  answerRead(partition: NodePartition, timeLeftMs: TimeLeft): Promise<Reply> {
    return this.#safely('read', answerRead(partition, timeLeftMs, this.#deps));
  }

  #safely(endpoint: Endpoint, answer: Promise<Reply>): Promise<Reply> {
    return answer.catch((error) => {
      this.#deps.report('request_failed', { endpoint, error: traceOf(error) });
      return refused('Temporary failure: keep your data and try again.', 503);
    });
  }

  /** Each checks the key's signature first: a request without a valid key is not inflated, looked up or stored. */
  #dispatch(endpoint: Endpoint, request: AgentRequest): Promise<Reply> {
    switch (endpoint) {
      case 'enroll':
        return answerEnroll(request.body, this.#deps);
      case 'config':
        return this.#config(request);
      case 'read':
        return this.#read(request);
      case 'log':
      case 'write':
        return this.#data(endpoint, request);
      default:
        return endpoint satisfies never;
    }
  }

  async #config(request: AgentRequest): Promise<Reply> {
    const claimed = await claimIn('config', request, this.#deps);
    return 'refusal' in claimed ? claimed.refusal : answerConfig(claimed.claim, this.#deps);
  }

  async #read(request: AgentRequest): Promise<Reply> {
    const { longPoll } = this.#deps;
    const { link, timeLeftMs } = request;
    const claimed = await this.#known.claimIn(request, this.#deps);
    if ('refusal' in claimed) return claimed.refusal;
    const { claim } = claimed;
    if (longPoll && link) return longPoll.reads.answer(heldRead(claim, link, timeLeftMs, this.#deps));
    const partition = await partitionOf(claim, this.#deps);
    return partition ? answerRead(partition, timeLeftMs, this.#deps) : nodeInvalid;
  }

  async #data(endpoint: 'log' | 'write', request: AgentRequest): Promise<Reply> {
    const bearer = await bearerIn(endpoint, request, this.#deps);
    if ('refusal' in bearer) return bearer.refusal;
    const node = await nodeOf(bearer.claim, this.#deps);
    if (!node) return nodeInvalid;
    const { body, authorization, timeLeftMs } = request;
    const read = documentOf(body, bodyBoundsOf(endpoint));
    if ('problem' in read) return quarantine(node, { endpoint, reason: read.problem, body }, this.#deps);
    const { document } = read;
    if (nodeKeyOf(document, authorization) !== bearer.key) return nodeInvalid;
    const answer = endpoint === 'log' ? answerLog : answerWrite;
    return answer(node, { document, body, timeLeftMs }, this.#deps);
  }
}

const withoutEndpoint = (path: string): Reply =>
  isCarve(path)
    ? plain('Mayfly does not support carving.')
    : refused('Unknown path. Mayfly serves enroll, config, log, distributed/read, distributed/write.');

import { traceOf } from '../errors.ts';
import type { TimeLeft } from '../results/lines.ts';
import { boundsOf, documentOf, keysOf } from './admission.ts';
import { answerEnroll } from './answer-enroll.ts';
import { answerConfig, answerLog, answerRead, answerWrite } from './answer-node.ts';
import type { TlsApiDeps } from './deps.ts';
import { heldRead, type Link } from './held-read.ts';
import { type Bearer, bearerOf, nodeOf } from './node-access.ts';
import { quarantine } from './quarantine.ts';
import { nodeInvalid, plain, type Reply, refused } from './replies.ts';
import type { RequestBody } from './request-body.ts';
import { nodeKeyOf } from './requests.ts';
import { type Endpoint, endpointOf, isCarve } from './routes.ts';

/** One request of an agent, independent of the front that received it. */
export interface AgentRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization?: string;
  readonly body: RequestBody;
  /** How long the function may still run: longer work is left to the agent's next try. */
  readonly timeLeftMs: TimeLeft;
  /** The connection, for a front that holds reads. */
  readonly link?: Link;
}

/**
 * The osquery TLS API: enroll, config, log, distributed read and write. Every reply makes the agent do the right thing (the
 * table in docs/spec/osquery-protocol.md §3.5). Nothing is thrown.
 */
export class TlsApi {
  readonly #deps: TlsApiDeps;

  constructor(deps: TlsApiDeps) {
    this.#deps = deps;
  }

  async answer(request: AgentRequest): Promise<Reply> {
    const endpoint = endpointOf(request.path);
    if (!endpoint && isCarve(request.path)) return plain('Mayfly does not support carving.');
    if (!endpoint)
      return refused('Unknown path. Mayfly serves enroll, config, log, distributed/read, distributed/write.');
    if (request.method !== 'POST' && request.method !== 'PUT') return refused(`${request.method} is not POST`);
    try {
      return await this.#dispatch(endpoint, request);
    } catch (error) {
      this.#deps.report('request_failed', { endpoint, error: traceOf(error) });
      return refused('Temporary failure: keep your data and try again.', 503);
    }
  }

  /** Checks the key's signature first: a request without a valid key is not inflated, looked up or stored. */
  async #dispatch(endpoint: Endpoint, request: AgentRequest): Promise<Reply> {
    const { body, authorization } = request;
    if (endpoint === 'enroll') return answerEnroll(body, this.#deps);
    const keys = await keysOf(endpoint, request);
    const bearer = await bearerOf(keys, this.#deps);
    if (!bearer) return keys.length > 0 ? nodeInvalid : withoutKey(body);
    if (endpoint === 'log' || endpoint === 'write') return this.#data(endpoint, bearer, request);
    const read = documentOf(body, boundsOf(endpoint));
    if ('problem' in read) return refused(read.problem);
    if (nodeKeyOf(read.document, authorization) !== bearer.key) return nodeInvalid;
    if (endpoint === 'config') return answerConfig(bearer.claim, this.#deps);
    const { longPoll } = this.#deps;
    return longPoll && request.link
      ? longPoll.reads.answer(heldRead(bearer.claim, request.link, request.timeLeftMs, this.#deps))
      : answerRead(bearer.claim, request.timeLeftMs, this.#deps);
  }

  async #data(
    endpoint: 'log' | 'write',
    { key, claim }: Bearer,
    { body, authorization, timeLeftMs }: AgentRequest,
  ): Promise<Reply> {
    const node = await nodeOf(claim, this.#deps);
    if (!node) return nodeInvalid;
    const read = documentOf(body, boundsOf(endpoint));
    if ('problem' in read) return quarantine(node, { endpoint, reason: read.problem, body }, this.#deps);
    const { document } = read;
    if (nodeKeyOf(document, authorization) !== key) return nodeInvalid;
    const answer = endpoint === 'log' ? answerLog : answerWrite;
    return answer(node, { document, body, timeLeftMs }, this.#deps);
  }
}

/** A readable request without a key has no node, so its agent enrolls again. An unreadable one may have had a key. */
function withoutKey(body: RequestBody): Reply {
  const read = documentOf(body, boundsOf('read'));
  return 'problem' in read ? refused(`no node key was found, and ${read.problem}`) : nodeInvalid;
}

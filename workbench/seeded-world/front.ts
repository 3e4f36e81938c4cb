import { RequestBody } from '../../lib/core/osquery/request-body.ts';
import type { Transport, WireRequest, WireResponse } from '../world/index.ts';
import { Died } from './invocation.ts';
import type { SimulatedLambda } from './lambda.ts';
import { SECOND_MS } from './times.ts';
import type { Trace } from './trace.ts';
import type { Witness } from './witness.ts';
import { FRONT_LIMIT_BYTES } from './world-policy.ts';

const API_TIMEOUT_MS = 15 * SECOND_MS;

interface FrontOptions {
  readonly lambda: SimulatedLambda;
  readonly witness: Witness;
  readonly trace: Trace;
  readonly isSilent: (member: string) => boolean;
}

/**
 * The REST API's front. It rejects an oversized body itself with a JSON object. Agents take that for acceptance,
 * because osquery ignores the status.
 */
export class Front {
  readonly #options: FrontOptions;

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  /** Returns one agent's connection to the front. */
  transport(member: string): Transport {
    return { exchange: (request) => this.#exchange(member, request) };
  }

  async #exchange(member: string, request: WireRequest): Promise<WireResponse> {
    const { isSilent, trace, witness } = this.#options;
    if (isSilent(member)) throw new Error('no route to host');
    if (request.body.length > FRONT_LIMIT_BYTES) {
      trace.say('front', () => `drops ${request.body.length} bytes of ${member}`);
      witness.droppedAtFront(member, request);
      return response(413, '{}');
    }
    const answered = await this.#answer(request);
    witness.answered(request, answered);
    return answered;
  }

  async #answer({ url, headers, body }: WireRequest): Promise<WireResponse> {
    const { pathname: path } = new URL(url);
    try {
      return await this.#options.lambda.invoke(`api ${path.slice(4)}`, API_TIMEOUT_MS, async ({ api }, invocation) => {
        const reply = await api.answer({
          method: 'POST',
          path,
          body: RequestBody.of(Buffer.from(body)),
          authorization: headers.Authorization,
          timeLeftMs: () => invocation.timeLeftMs(),
        });
        return response(reply.status, reply.body);
      });
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      return response(502, 'Temporary trouble: keep your data and come again.'); // not JSON, so agents keep their data
    }
  }
}

const response = (status: number, body: string): WireResponse => ({ status, headers: {}, body: Buffer.from(body) });

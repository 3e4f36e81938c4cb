import { gunzipSync } from 'node:zlib';
import { assertRunning, STOPPED, stopper } from '../simulation/clock.ts';
import { type Endpoint, exchangeWithFaults } from './faults.ts';
import { MAX_BODY_BYTES, MAX_HEADER_BYTES, type Transport, type WireRequest, type WireResponse } from './transport.ts';
import type { WorkerContext } from './worker-context.ts';

/** osquery's single deadline for a whole request, including connection, resend and redirects. */
const DEADLINE_MS = 16_000;
const MAX_REDIRECTS = 10;
/** 304 is one of them in osquery. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 304, 305, 307, 308]);

/** The bytes of an answer with any status, or why there are none. */
export type Sent = { readonly body: Uint8Array } | { readonly failure: string };

class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/** Sends one request like osquery's HTTP client. */
export class Sender {
  constructor(
    private readonly worker: WorkerContext,
    private readonly transport: Transport,
  ) {}

  /** After any failure except the deadline, sends the same bytes once more before reporting the failure. */
  async send(endpoint: Endpoint, request: WireRequest): Promise<Sent> {
    const { clock, signal } = this.worker;
    const startedAtMs = clock.now();
    let copies = 0;
    let sent: Sent;
    try {
      const response = await this.withDeadline(async (limit) => {
        copies = 1;
        try {
          return await this.follow(endpoint, request, limit);
        } catch {
          assertRunning(limit);
          copies = 2;
          return await this.follow(endpoint, request, limit);
        }
      });
      sent = { body: this.decode(response) };
    } catch (error) {
      sent = { failure: error instanceof Error ? error.message : String(error) };
    }
    assertRunning(signal);
    const failure = 'failure' in sent ? sent.failure : null;
    this.worker.notify({ kind: 'requested', endpoint, copies, durationMs: clock.now() - startedAtMs, failure });
    return sent;
  }

  /** Redirects keep method, body, `Host` and `Authorization`, even to another host. */
  private async follow(endpoint: Endpoint, request: WireRequest, signal: AbortSignal): Promise<WireResponse> {
    const { faults, clock, random } = this.worker;
    const context = { faults, clock, random, signal };
    let { url } = request;
    for (let hops = 0; ; hops++) {
      const response = await exchangeWithFaults(this.transport, { ...request, url }, endpoint, context);
      checkLimits(response);
      if (!REDIRECTS.has(response.status)) return response;
      if (hops === MAX_REDIRECTS) throw new Error('too many redirects');
      if (!response.headers.location) throw new Error('redirect without Location');
      url = new URL(response.headers.location, url).href;
    }
  }

  private decode({ headers, body }: WireResponse): Uint8Array {
    const compressed = this.worker.flags.get('tls_accept_gzip') && headers['content-encoding'] === 'gzip';
    return compressed ? gunzipSync(body) : body;
  }

  /** Aborts the signal that it gives to `work` when osquery gives the request up. */
  private withDeadline<T>(work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, signal } = this.worker;
    const limit = stopper();
    return new Promise<T>((resolve, reject) => {
      const giveUp = (error: Error) => {
        limit.abort(STOPPED);
        reject(error);
      };
      const stop = () => giveUp(STOPPED);
      signal.addEventListener('abort', stop, { once: true });
      const cancel = clock.after(DEADLINE_MS, () =>
        giveUp(new DeadlineExceeded(`no answer in ${DEADLINE_MS / 1000} s`)),
      );
      const ended = () => {
        cancel();
        signal.removeEventListener('abort', stop);
      };
      work(limit.signal).finally(ended).then(resolve, giveUp);
    });
  }
}

function checkLimits({ headers, body }: WireResponse): void {
  const headerBytes = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  if (headerBytes > MAX_HEADER_BYTES) throw new Error('header limit exceeded');
  if (body.length > MAX_BODY_BYTES) throw new Error('body limit exceeded');
}

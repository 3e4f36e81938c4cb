import { gzipSync } from 'node:zlib';
import { classify, parseBody, type Reply, type Verdict } from './classify.ts';
import type { Endpoint } from './faults.ts';
import { JsonObject } from './json.ts';
import { KeyKeeper } from './key-keeper.ts';
import { Sender } from './sender.ts';
import type { Transport } from './transport.ts';
import { type WorkerContext, WorkerCrash } from './worker-context.ts';

export interface ServerAddress {
  /** `https://host[:port]`, with a path prefix if the server has one. */
  readonly url: string;
  /** What each flag `…_tls_endpoint` says: a path, appended as it is. */
  readonly endpoints: Readonly<Record<Endpoint, string>>;
}

/** A request's members, and its body's text where that is made by hand. */
export interface Outgoing {
  readonly endpoint: Endpoint;
  /** The JSON members of the body, without braces and without the node key. */
  readonly members: string;
  /** Whether the node key comes before the members. */
  readonly keyFirst?: boolean;
  readonly gzip?: boolean;
}

/** osquery's requests to its server, with node key, classification and attempts. */
export class Client {
  private readonly sender: Sender;
  readonly keys: KeyKeeper;

  constructor(
    private readonly worker: WorkerContext,
    private readonly server: ServerAddress,
    transport: Transport,
    enrollSecret: string,
  ) {
    this.sender = new Sender(worker, transport);
    this.keys = new KeyKeeper(worker, enrollSecret, (body) => this.enroll(body));
  }

  /** Up to `attempts` requests, n² s apart. None at all succeeds with nothing, as in osquery. */
  async goN(outgoing: Outgoing, attempts: number): Promise<Reply> {
    let reply: Reply = { document: new JsonObject([]) };
    for (let n = 1; n <= attempts; n++) {
      reply = await this.go(outgoing);
      if ('document' in reply || n === attempts) return reply;
      await this.worker.clock.sleep(n * n * 1000, this.worker.signal);
    }
    return reply;
  }

  /** One request under the current node key. */
  async go({ endpoint, members, keyFirst = false, gzip = false }: Outgoing): Promise<Reply> {
    const key = await this.keys.key();
    const keyMember = `"node_key":${JSON.stringify(key)}`;
    const all = (keyFirst ? [keyMember, members] : [members, keyMember]).filter((member) => member !== '');
    const verdict = await this.post(endpoint, { text: `{${all.join(',')}}`, key, gzip }, classify);
    if (verdict.kind === 'ok') return { document: verdict.document };
    if (verdict.nodeInvalid && !this.worker.flags.get('disable_reenrollment')) {
      this.worker.store.nodeKey = undefined; // unconditionally: even a key another thread got a moment ago
      this.worker.notify({ kind: 'node-key-deleted', endpoint });
    }
    return { failure: verdict.reason };
  }

  private async enroll(body: string): Promise<Reply> {
    const verdict = await this.post('enroll', { text: body, key: '', gzip: false }, parseBody);
    return verdict.kind === 'ok' ? { document: verdict.document } : { failure: verdict.reason };
  }

  private async post(
    endpoint: Endpoint,
    { text, key, gzip }: { readonly text: string; readonly key: string; readonly gzip: boolean },
    judge: (body: Uint8Array) => Verdict,
  ): Promise<Exclude<Verdict, { kind: 'crash' }>> {
    const url = this.server.url + this.server.endpoints[endpoint];
    const body = gzip ? gzipSync(text, { level: 9 }) : Buffer.from(text);
    const { flags, profile } = this.worker;
    // The order in which osquery's client sets them.
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      'User-Agent': `osquery/${profile.version}`,
    };
    if (profile.authorizationHeader && key !== '') headers.Authorization = `NodeKey ${key}`;
    if (gzip) headers['Content-Encoding'] = 'gzip';
    headers.Host = new URL(url).host;
    if (flags.get('tls_accept_gzip')) headers['Accept-Encoding'] = 'gzip';
    headers['Content-Length'] = String(body.length);
    const sent = await this.sender.send(endpoint, { url, headers, body });
    if ('failure' in sent) return { kind: 'fail', reason: sent.failure, nodeInvalid: false };
    const verdict = judge(sent.body);
    if (verdict.kind !== 'crash') return verdict;
    this.worker.notify({ kind: 'would-have-crashed', endpoint, reason: verdict.reason });
    throw new WorkerCrash(`${endpoint}: ${verdict.reason}`);
  }
}

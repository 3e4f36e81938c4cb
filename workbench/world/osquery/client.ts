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
  /** The path of each flag `…_tls_endpoint`, appended to the URL unchanged. */
  readonly endpoints: Readonly<Record<Endpoint, string>>;
}

/** A request's members. */
export interface Outgoing {
  readonly endpoint: Endpoint;
  /** The JSON members of the body, without braces and without the node key. */
  readonly members: string;
  /** Whether the node key comes before the members. */
  readonly keyFirst?: boolean;
  readonly gzip?: boolean;
}

/** osquery's requests to its server: adds the node key, classifies answers and retries. */
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

  /** Makes up to `attempts` requests, n² s apart. Zero attempts succeed without a document, as in osquery. */
  async goN(outgoing: Outgoing, attempts: number): Promise<Reply> {
    let reply: Reply = { document: new JsonObject([]) };
    for (let n = 1; n <= attempts; n++) {
      reply = await this.go(outgoing);
      if ('document' in reply || n === attempts) return reply;
      await this.worker.clock.sleep(n * n * 1000, this.worker.signal);
    }
    return reply;
  }

  /** One request with the current node key. */
  async go({ endpoint, members, keyFirst = false, gzip = false }: Outgoing): Promise<Reply> {
    const key = await this.keys.key();
    const keyMember = `"node_key":${JSON.stringify(key)}`;
    const all = (keyFirst ? [keyMember, members] : [members, keyMember]).filter((member) => member !== '');
    const verdict = await this.post(endpoint, { text: `{${all.join(',')}}`, key, gzip }, classify);
    if (verdict.kind === 'ok') return { document: verdict.document };
    if (verdict.nodeInvalid && !this.worker.flags.get('disable_reenrollment')) {
      this.worker.store.nodeKey = undefined; // unconditionally, even a key that another thread just got
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
    // In the order osquery's client sets them.
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

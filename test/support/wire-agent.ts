import { classify } from '../../workbench/world/osquery/classify.ts';
import type { HttpAnswer, HttpOptions } from './https.ts';
import type { TlsServer } from './tls-server.ts';

/** A reply and osquery's reading of it: `fail` keeps data and key, `invalid` drops the key. */
export interface Heard {
  readonly status: number;
  readonly text: string;
  /** The reply's document; empty if the body is not one. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly verdict: 'ok' | 'fail' | 'invalid' | 'crash';
  readonly http: HttpAnswer;
}

export function heard(http: HttpAnswer): Heard {
  const judged = classify(http.bytes);
  const verdict = judged.kind === 'fail' && judged.nodeInvalid ? 'invalid' : judged.kind;
  return { status: http.status, text: http.text, json: documentOf(http.text), verdict, http };
}

function documentOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export interface HostDetails {
  readonly hostname?: string;
  readonly uuid?: string;
  readonly vendor?: string;
  readonly instanceId?: string; // from the agent's database
  readonly platform?: string; // from os_version
}

/** An agent that makes single requests, for tests of single requests. */
export class WireAgent {
  key = '';
  readonly #server: TlsServer;
  readonly #host: string;
  readonly #details: HostDetails;

  constructor(server: TlsServer, host: string, details: HostDetails = {}) {
    this.#server = server;
    this.#host = host;
    this.#details = details;
  }

  /** The enroll request of osquery 5 (docs/spec/osquery-protocol.md §5). */
  enrollBody(): Record<string, unknown> {
    const {
      hostname = 'ip-10-0-0-1',
      uuid = `uuid-of-${this.#host}`,
      vendor = 'Amazon EC2',
      instanceId = `db-of-${this.#host}`,
      platform = 'amzn',
    } = this.#details;
    return {
      enroll_secret: this.#server.enrollSecret,
      host_identifier: this.#host,
      platform_type: '9',
      host_details: {
        os_version: {
          name: 'Amazon Linux',
          version: '2023',
          platform,
          platform_like: 'fedora',
          arch: 'x86_64',
        },
        osquery_info: {
          pid: '11',
          uuid,
          instance_id: instanceId,
          version: '5.23.1',
          config_hash: '',
          config_valid: '0',
        },
        system_info: { hostname, uuid, cpu_brand: 'x', physical_memory: '8123456789', hardware_vendor: vendor },
        platform_info: { vendor, version: '1.0', firmware_type: 'uefi' },
      },
    };
  }

  async enroll(changes: Readonly<Record<string, unknown>> = {}): Promise<Heard> {
    const reply = heard(await this.#server.post('/v1/enroll', { ...this.enrollBody(), ...changes }));
    if (typeof reply.json.node_key === 'string') this.key = reply.json.node_key;
    return reply;
  }

  config = (): Promise<Heard> => this.send('/v1/config', {});
  read = (): Promise<Heard> => this.send('/v1/distributed/read', {});
  log = (type: string, data: readonly unknown[]): Promise<Heard> => this.send('/v1/log', { log_type: type, data });

  /** Makes a successful read. @returns the queries: id → SQL */
  async poll(): Promise<Record<string, string>> {
    const { json, text, verdict } = await this.read();
    if (verdict !== 'ok') throw new Error(`the poll failed: ${text}`);
    return (json.queries ?? {}) as Record<string, string>;
  }

  /** Writes these rows as successful answers. */
  write(
    rows: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>,
    more: Record<string, unknown> = {},
  ): Promise<Heard> {
    const ids = Object.keys(rows);
    const all = <T>(value: T): Record<string, T> => Object.fromEntries(ids.map((id) => [id, value]));
    return this.send('/v1/distributed/write', {
      queries: rows,
      statuses: all(0),
      messages: all(''),
      stats: all({ wall_time_ms: 1, user_time: 1, system_time: 0, memory: 4096 }),
      ...more,
    });
  }

  /** Sends a request with the key in body and header, like osquery ≥ 5.23. */
  async send(path: string, body: Readonly<Record<string, unknown>>, options: HttpOptions = {}): Promise<Heard> {
    const headers = { ...(this.key ? { Authorization: `NodeKey ${this.key}` } : {}), ...options.headers };
    return heard(await this.#server.post(path, { ...body, node_key: this.key }, { ...options, headers }));
  }
}

/** An enrolled agent. */
export async function anEnrolled(server: TlsServer, host: string, details: HostDetails = {}): Promise<WireAgent> {
  const agent = new WireAgent(server, host, details);
  const reply = await agent.enroll();
  if (!agent.key) throw new Error(`not enrolled: ${reply.text}`);
  return agent;
}

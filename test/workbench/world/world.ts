import {
  type AgentEvent,
  type AgentOptions,
  type Endpoint,
  Random,
  SimulatedAgent,
  SimulatedHost,
  type Transport,
  VirtualClock,
  type WireRequest,
  type WireResponse,
} from '../../../workbench/world/index.ts';

export const T0 = Date.parse('2025-10-06T12:34:56Z');

/** A request that a scripted server received. */
export interface Received {
  readonly endpoint: Endpoint;
  readonly url: string;
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** The parsed body; `undefined` if it is compressed. */
  readonly body: Record<string, unknown> | undefined;
}

/** An answer: a body to send as is, an object to send as JSON, or a whole response. */
export type Answer = string | object | { readonly raw: Partial<WireResponse> };

/** Computes an endpoint's answer to a request. */
type Script = (request: Received) => Answer | Promise<Answer>;

const ENDPOINTS: readonly (readonly [suffix: string, Endpoint])[] = [
  ['/enroll', 'enroll'],
  ['/config', 'config'],
  ['/log', 'log'],
  ['/read', 'read'],
  ['/write', 'write'],
];

/** An in-memory server with scripted answers. By default it enrolls every agent and sends no work. */
export class ScriptedServer implements Transport {
  readonly received: Received[] = [];
  private readonly scripts: Record<Endpoint, Script> = {
    enroll: () => ({ node_key: 'key-1' }),
    config: () => ({}),
    log: () => ({}),
    read: () => ({}),
    write: () => ({}),
  };

  constructor(private readonly clock: VirtualClock) {}

  /** Sets an endpoint's answer: a constant or a function. */
  on(endpoint: Endpoint, answer: Answer | Script): this {
    this.scripts[endpoint] = typeof answer === 'function' ? (answer as Script) : () => answer;
    return this;
  }

  /** Sets an endpoint's first answers; the last one repeats. */
  inTurn(endpoint: Endpoint, ...answers: readonly Answer[]): this {
    let next = 0;
    return this.on(endpoint, () => answers[Math.min(next++, answers.length - 1)] ?? {});
  }

  to(endpoint: Endpoint): Received[] {
    return this.received.filter((request) => request.endpoint === endpoint);
  }

  bodiesTo(endpoint: Endpoint): Record<string, unknown>[] {
    return this.to(endpoint).flatMap(({ body }) => (body ? [body] : []));
  }

  async exchange(request: WireRequest): Promise<WireResponse> {
    const path = new URL(request.url).pathname;
    const endpoint = ENDPOINTS.find(([suffix]) => path.endsWith(suffix))?.[1];
    if (!endpoint) throw new Error(`no such endpoint: ${path}`);
    const compressed = request.headers['Content-Encoding'] === 'gzip';
    const received: Received = {
      endpoint,
      url: request.url,
      atMs: this.clock.now(),
      headers: request.headers,
      bytes: request.body,
      body: compressed ? undefined : JSON.parse(Buffer.from(request.body).toString()),
    };
    this.received.push(received);
    const answer = await this.scripts[endpoint](received);
    const raw = typeof answer === 'object' && 'raw' in answer ? (answer.raw as Partial<WireResponse>) : {};
    const textOf = (): string => (typeof answer === 'string' ? answer : JSON.stringify(answer));
    return { status: 200, headers: {}, ...raw, body: raw.body ?? Buffer.from(textOf()) };
  }
}

export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly host: SimulatedHost;
  readonly server: ScriptedServer;
  readonly agent: SimulatedAgent;
  readonly events: AgentEvent[];
  happened<K extends AgentEvent['kind']>(kind: K): Extract<AgentEvent, { kind: K }>[];
}

/** One host with one agent and a scripted server, on a virtual clock. Queries take no time. */
export function aWorld(options: Partial<AgentOptions> = {}, seed = 'test'): World {
  const clock = new VirtualClock(T0);
  const random = new Random(seed);
  const host = new SimulatedHost({ instanceId: 'i-0123456789abcdef0', clock, random });
  const server = new ScriptedServer(clock);
  const events: AgentEvent[] = [];
  const agent = new SimulatedAgent({
    host,
    url: 'https://osq.example.com',
    enrollSecret: 'fleet secret',
    clock,
    random,
    transport: server,
    queryDurationMs: () => 0,
    on: (event) => events.push(event),
    ...options,
  });
  const happened = <K extends AgentEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<AgentEvent, { kind: K }> => event.kind === kind);
  return { clock, random, host, server, agent, events, happened };
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

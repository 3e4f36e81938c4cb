import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../../support/any-text.ts';
import { scaled } from '../../support/effort.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, heard, type WireAgent } from '../../support/wire-agent.ts';

const NAMES = ['__proto__', 'constructor', 'toString', 'toJSON', 'id', 'a', '', '\u0000', '0'];
const text = fc.oneof(fc.constantFrom(...NAMES), anyText({ maxLength: 20 }));

/** Any JSON value, including names of object members such as `__proto__`. */
const { any } = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.integer(),
    fc.double(),
    fc.constantFrom(2 ** 53, -(2 ** 63), 1e21),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(text, tie('any'), { maxKeys: 4 }),
  ),
}));

/** JSON as it is stored: integers that a number may round are texts. */
const storedJson = (value: unknown): string =>
  JSON.stringify(value, (_name, part) => {
    const isRounded = Number.isInteger(part) && !Number.isSafeInteger(part) && Math.abs(part) < 1e21; // written with an exponent from there on
    return isRounded ? String(part) : part;
  });

/** Each member well-formed, of any other type, or missing. */
const members = <T extends Record<string, fc.Arbitrary<unknown>>>(shape: T) =>
  fc.record(Object.fromEntries(Object.entries(shape).map(([name, good]) => [name, fc.oneof(good, any)])), {
    requiredKeys: [],
  });

const rows = fc.array(fc.oneof(fc.dictionary(text, text, { maxKeys: 4 }), any), { maxLength: 4 });
const Write = members({
  queries: fc.dictionary(text, fc.oneof(rows, any), { maxKeys: 4 }),
  statuses: fc.dictionary(text, fc.oneof(fc.integer(), any), { maxKeys: 4 }),
  messages: fc.dictionary(text, fc.oneof(text, any), { maxKeys: 4 }),
  stats: fc.dictionary(text, any, { maxKeys: 4 }),
});
const Log = members({ log_type: fc.constantFrom('result', 'status'), data: fc.array(any, { maxLength: 5 }) });
const table = fc.dictionary(fc.constantFrom('hostname', 'uuid', 'version', 'instance_id', '__proto__'), any, {
  maxKeys: 4,
});
const Enroll = members({
  host_identifier: fc.constantFrom('a', 'b', 'c'),
  platform_type: fc.constant('9'),
  host_details: members({ os_version: table, osquery_info: table, system_info: table, platform_info: table }),
});

describe('for a request of any content', () => {
  let server: TlsHarness;
  let agent: WireAgent;
  beforeAll(async () => {
    server = await aTlsServer();
    agent = await anEnrolled(server, 'i-0abc');
  });
  afterAll(() => server.close());
  afterEach(() => {
    expect(server.thrown).toEqual([]);
    expect(server.reports.filter((report) => report.event === 'request_failed')).toEqual([]);
  });

  const say = async (path: string, body: object) =>
    heard(await server.post(path, JSON.stringify({ ...body, node_key: agent.key })));
  const holds = (property: fc.IAsyncProperty<[Record<string, unknown>]>) =>
    fc.assert(property, { numRuns: scaled(25) });

  it('a write of a known node is acknowledged, because a retry would be the same', () =>
    holds(
      fc.asyncProperty(Write, async (body) => {
        expect((await say('/v1/distributed/write', body)).text).toBe('{}');
      }),
    ));

  it('a log of a known node is acknowledged, and every line is stored, or the body quarantined', () =>
    holds(
      fc.asyncProperty(Log, async (body) => {
        const before = (await server.lines('quarantine')).length;
        expect((await say('/v1/log', body)).text).toBe('{}');
        const logs = await server.lines('logs');
        const aside = (await server.lines('quarantine')).slice(before);
        const { data } = body;
        const stored = logs.map((line) => JSON.stringify(line.line));
        // The same batch may have arrived before; it is stored once.
        const sent = Array.isArray(data) ? data.map(storedJson) : [];
        for (const text of new Set(sent))
          expect(stored.filter((one) => one === text).length).toBeGreaterThanOrEqual(
            sent.filter((one) => one === text).length,
          );
        expect(aside).toHaveLength(Array.isArray(data) ? 0 : 1);
        expect([...logs, ...aside].every((line) => line.host === 'i-0abc')).toBe(true);
      }),
    ));

  it('an enrollment with our secret returns a key that opens the node, or an error', () =>
    holds(
      fc.asyncProperty(Enroll, async (body) => {
        const { json } = heard(
          await server.post('/v1/enroll', JSON.stringify({ ...body, enroll_secret: server.enrollSecret })),
        );
        if (json.node_key === undefined) expect(json).toEqual({ error: expect.any(String) });
        else expect(heard(await server.post('/v1/config', { node_key: json.node_key })).verdict).toBe('ok');
      }),
    ));

  it('an enrollment without our secret returns no key', () =>
    holds(
      fc.asyncProperty(Enroll, async (body) => {
        const { json } = heard(await server.post('/v1/enroll', JSON.stringify({ enroll_secret: 'wrong', ...body })));
        expect(json).toEqual({ error: expect.any(String) });
      }),
    ));

  it('bytes of any kind are answered with a document that every agent accepts', async () => {
    const paths = fc.constantFrom(
      '/v1/enroll',
      '/v1/config',
      '/v1/log',
      '/v1/distributed/read',
      '/v1/distributed/write',
      '/x',
    );
    await fc.assert(
      fc.asyncProperty(paths, fc.uint8Array({ maxLength: 200 }), async (path, bytes) => {
        const reply = heard(await server.post(path, Buffer.from(bytes)));
        expect(['fail', 'invalid']).toContain(reply.verdict);
      }),
      { numRuns: scaled(40) },
    );
  });
});

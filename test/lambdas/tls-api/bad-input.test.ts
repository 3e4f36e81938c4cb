import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { signNodeKey } from '../../../lib/core/nodes/node-key.ts';
import { ask, containerId, record, settled } from '../../support/a-question.ts';
import { everything } from '../../support/scan.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { WireAgent as Agent, anEnrolled, heard, type WireAgent } from '../../support/wire-agent.ts';

const MiB = 1024 * 1024;
const PATHS = ['/v1/config', '/v1/log', '/v1/distributed/read', '/v1/distributed/write'];

describe('bad input', () => {
  let server: TlsHarness;
  let agent: WireAgent;
  beforeEach(async () => {
    server = await aTlsServer();
    agent = await anEnrolled(server, 'i-0abc');
    await settled(server, agent);
  });
  afterEach(async () => {
    await server.close();
    expect(server.thrown).toEqual([]);
    expect(server.reports.filter((report) => report.event === 'request_failed')).toEqual([]);
  });

  const signed = () => ({ headers: { Authorization: `NodeKey ${agent.key}` } });
  const stored = async () =>
    (await Promise.all((['results', 'logs', 'quarantine'] as const).map((kind) => server.lines(kind)))).flat().length;

  describe('from strangers', () => {
    it('stores nothing', async () => {
      const before = [(await everything(server.table)).length, await stored()];
      const bodies: (string | Buffer | Record<string, unknown>)[] = [
        { queries: { x: [{ a: '1' }] }, data: [{ a: 1 }], log_type: 'result' },
        { node_key: '', queries: { x: [] }, data: [] },
        { node_key: 'mf1.0.aQ.x', data: [{}], queries: {} },
        'not JSON',
        '',
        Buffer.alloc(100_000, 0xff),
        gzipSync('x'.repeat(1000)),
        gzipSync(JSON.stringify({ data: [{}], queries: { x: [] } })),
        Buffer.from([0x1f, 0x8b]),
        '['.repeat(100_000),
      ];
      for (const body of bodies) {
        for (const path of [...PATHS, '/v1/enroll', '/nowhere']) {
          expect([path, heard(await server.post(path, body)).verdict]).not.toEqual([path, 'ok']);
        }
      }
      expect([(await everything(server.table)).length, await stored()]).toEqual(before);
    });

    it('with a forged, foreign, damaged or expired key is answered with node_invalid', async () => {
      const { epoch } = (await server.registry.find('i-0abc', true)) ?? { epoch: 0 };
      const [version = '', , host = '', mac = ''] = agent.key.split('.');
      const keys = {
        forged: signNodeKey({ host: 'i-0abc', epoch }, 'a guess'),
        unsigned: `${version}.${epoch.toString(36)}.${host}.`,
        'of an unknown host': signNodeKey({ host: 'i-0xyz', epoch }, 'a signing secret'),
        'of an epoch that never was': signNodeKey({ host: 'i-0abc', epoch: epoch + 1 }, 'a signing secret'),
        'of another host, with our signature': `${version}.${epoch.toString(36)}.${Buffer.from('i-0xyz').toString('base64url')}.${mac}`,
        'without its end': agent.key.slice(0, -1),
        'with a tail': `${agent.key}A`,
        'of 12 KB': `mf1.${'a'.repeat(12_000)}`,
        'for a prototype': 'mf1.0.X19wcm90b19f.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      };
      for (const [name, key] of Object.entries(keys)) {
        for (const path of PATHS) {
          const reply = heard(await server.post(path, { node_key: key, data: [{}], queries: { x: [] } }));
          expect([name, path, reply.json]).toEqual([name, path, { node_invalid: true }]);
        }
      }
      expect(await server.lines('logs')).toEqual([]);
    });

    it('with a key of another type is answered the same', async () => {
      for (const key of [null, 5, true, {}, [], [agent.key], { toString: agent.key }]) {
        expect(heard(await server.post('/v1/config', { node_key: key })).json).toEqual({ node_invalid: true });
      }
    });

    it('with two different keys is rejected, whichever is valid', async () => {
      const foreign = await anEnrolled(server, 'i-0def');
      for (const [body, header] of [
        [agent.key, 'forged'],
        ['forged', agent.key],
        [agent.key, foreign.key],
      ]) {
        const reply = await server.post(
          '/v1/log',
          { node_key: body, data: [{ a: 1 }] },
          { headers: { Authorization: `NodeKey ${header}` } },
        );
        expect(heard(reply).verdict).toBe('invalid');
      }
      expect(await server.lines('logs')).toEqual([]);
    });

    it('with another kind of Authorization header is judged by the key in the body', async () => {
      for (const header of ['Basic Zm9vOmJhcg==', 'Bearer x', 'NodeKey', 'NodeKey  ', '']) {
        const reply = await server.post('/v1/config', { node_key: agent.key }, { headers: { Authorization: header } });
        expect([header, heard(reply).verdict]).toEqual([header, 'ok']);
      }
    });
  });

  describe('that is not JSON', () => {
    const unreadable: Readonly<Record<string, Buffer>> = {
      'a word': Buffer.from('hello'),
      'half a document': Buffer.from('{"data":[1,'),
      'two documents': Buffer.from('{}{}'),
      'a byte-order mark in front': Buffer.from('\uFEFF{"data":[{"a":1}]}'),
      'bytes of no alphabet': Buffer.from([0x80, 0xff, 0x00, 0xfe]),
      'gzip that is none': Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.from('garbage')]),
      'gzip cut short': gzipSync('{"data":[]}').subarray(0, 15),
      'UTF-16': Buffer.from('{"data":[]}', 'utf16le'),
    };

    it.each(Object.keys(unreadable))('is quarantined and acknowledged as data of a known node: %s', async (name) => {
      const body = unreadable[name] ?? Buffer.alloc(0);
      for (const path of ['/v1/log', '/v1/distributed/write']) {
        expect(heard(await server.post(path, body, signed())).json).toEqual({});
      }
      const aside = await server.lines('quarantine');
      expect(aside.map((line) => [line.host, line.endpoint, line.bodyBase64])).toEqual([
        ['i-0abc', 'log', body.toString('base64')],
        ['i-0abc', 'write', body.toString('base64')],
      ]);
    });

    it.each(Object.keys(unreadable))('is an error if there is no data to lose: %s', async (name) => {
      for (const path of ['/v1/config', '/v1/distributed/read', '/v1/enroll']) {
        const reply = heard(await server.post(path, unreadable[name] ?? '', signed()));
        expect([path, Object.keys(reply.json)]).toEqual([path, ['error']]);
      }
      expect(await server.lines('quarantine')).toEqual([]);
    });

    it('of any JSON type but an object is not a request', async () => {
      for (const body of ['null', 'true', '7', '"text"', '[]', '[{"node_key":"x"}]']) {
        for (const path of PATHS)
          expect([body, path, heard(await server.post(path, body)).verdict]).toEqual([body, path, 'invalid']);
        expect(heard(await server.post('/v1/enroll', body)).json).toEqual({ error: expect.any(String) });
        expect(heard(await server.post('/v1/log', body, signed())).json).toEqual({});
        expect(heard(await server.post('/v1/distributed/write', body, signed())).json).toEqual({});
      }
      expect(await server.lines('quarantine')).toHaveLength(12);
    });
  });

  describe('of great size', () => {
    const idOf = (text: string): string => `id-${text.codePointAt(0)}`;

    it('of 10 MiB in ordinary lines is stored completely', async () => {
      const lines = Array.from({ length: 700 }, (_, n) => ({ n, text: 'x'.repeat(15_000) }));
      expect((await agent.log('result', lines)).verdict).toBe('ok');
      expect((await server.lines('logs')).map((line) => (line.line as { n: number }).n)).toEqual(
        lines.map((line) => line.n),
      );
    });

    it.each([
      ['a log line', (text: string) => ['/v1/log', { log_type: 'result', data: [{ text }] }]],
      ['a log type', (text: string) => ['/v1/log', { log_type: text, data: [{ a: 1 }] }]],
      ['a column', (text: string) => ['/v1/distributed/write', { queries: { [idOf(text)]: [{ a: text }] } }]],
      ['a column name', (text: string) => ['/v1/distributed/write', { queries: { [idOf(text)]: [{ [text]: '1' }] } }]],
      [
        'a message',
        (text: string) => [
          '/v1/distributed/write',
          { queries: { [idOf(text)]: [] }, messages: { [idOf(text)]: text } },
        ],
      ],
      ['an id', (text: string) => ['/v1/distributed/write', { queries: { [text]: [{ a: '1' }] } }]],
      ['unusable data', (text: string) => ['/v1/log', { data: text }]],
    ] as const)('in one value is truncated, stored and acknowledged: %s', async (_, request) => {
      for (const text of ['x'.repeat(1.2 * MiB), '\u0001'.repeat(MiB / 4), '\u{1F600}"\\'.repeat(MiB / 6)]) {
        const [path, body] = request(text) as [string, Record<string, unknown>];
        const before = await stored();
        expect((await agent.send(path, body)).json).toEqual({});
        expect(await stored()).toBe(before + 1);
      }
    });

    it('in very many wide columns is truncated, stored and acknowledged', async () => {
      const row = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`column_${n}`, 'ü'.repeat(500)]));
      expect((await agent.write({ wide: [row] })).json).toEqual({});
      expect((await server.lines('results')).at(-1)).toMatchObject({ queryId: 'wide', truncated: true });
    });

    it('in very many answers is stored, each once', async () => {
      const rows = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`id-${n}`, [{ n: String(n) }]]));
      const before = await stored();
      expect((await agent.write(rows)).json).toEqual({});
      expect((await agent.write(rows)).json).toEqual({});
      expect(await stored()).toBe(before + 200);
    });

    it('once unpacked (a gzip bomb) is quarantined unread for a node, and rejected from a stranger', async () => {
      const member = gzipSync(Buffer.alloc(MiB, 0x20));
      const bomb = Buffer.concat(Array.from({ length: 80 }, () => member)); // a reader unpacks all members of a file
      expect(heard(await server.post('/v1/log', bomb)).json).toEqual({ error: expect.any(String) });
      expect(await stored()).toBe(2); // the two enrollment answers
      expect(heard(await server.post('/v1/log', bomb, signed())).json).toEqual({});
      expect(await server.lines('quarantine')).toMatchObject([{ reason: expect.stringMatching(/beyond/) }]);
    });
  });

  describe('nested a hundred thousand levels deep', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const deepObject = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    const with_ = (members: string) => `{"node_key":"${agent.key}",${members}}`;

    it.each([
      ['a log line', '/v1/log', (nest: string) => `"log_type":"result","data":[${nest}]`],
      ['a log type', '/v1/log', (nest: string) => `"log_type":${nest},"data":[{}]`],
      ['the data', '/v1/log', (nest: string) => `"log_type":"result","data":${nest}`],
      ['an unknown member', '/v1/log', (nest: string) => `"x":${nest},"data":[{}]`],
      ['a column', '/v1/distributed/write', (nest: string) => `"queries":{"x":[{"a":${nest}}]}`],
      ['the rows', '/v1/distributed/write', (nest: string) => `"queries":{"x":${nest}}`],
      ['a status', '/v1/distributed/write', (nest: string) => `"queries":{"x":[]},"statuses":{"x":${nest}}`],
      ['a message', '/v1/distributed/write', (nest: string) => `"queries":{"x":[]},"messages":{"x":${nest}}`],
      ['the statistics', '/v1/distributed/write', (nest: string) => `"queries":{"x":[]},"stats":{"x":${nest}}`],
    ])('is acknowledged and stored: %s', async (_, path, members) => {
      for (const nest of [deep, deepObject]) {
        const before = await stored();
        expect(heard(await server.post(path, with_(members(nest)))).json).toEqual({});
        expect(await stored()).toBe(before + 1);
      }
    });

    it('does not affect the endpoints without data', async () => {
      for (const path of ['/v1/config', '/v1/distributed/read']) {
        expect(heard(await server.post(path, with_(`"x":${deep}`))).verdict).not.toBe('crash');
      }
      for (const member of ['host_details', 'platform_type', 'enroll_secret', 'host_identifier']) {
        const body = JSON.stringify({ ...new Agent(server, 'deep').enrollBody(), [member]: '@' }).replace('"@"', deep);
        expect(heard(await server.post('/v1/enroll', body)).verdict).not.toBe('crash');
      }
      const inside = JSON.stringify({
        ...new Agent(server, 'deep').enrollBody(),
        host_details: { system_info: { hostname: '@' } },
      });
      expect(heard(await server.post('/v1/enroll', inside.replace('"@"', deep))).status).toBe(200);
    });
  });

  it('named like members of JavaScript objects is ordinary data', async () => {
    await ask(server, 'i-0abc', { only: 'container' });
    const [id = ''] = Object.keys(await agent.poll());
    const body = `{"node_key":"${agent.key}","queries":{
      "__proto__":[{"__proto__":"p","constructor":"c","hasOwnProperty":"h","toString":"t"}],
      "constructor":[{"a":"1"}], "toString":[], "${id}":[{"id":"${containerId(1)}","state":"running","__proto__":"x"}]},
      "statuses":{"__proto__":0,"constructor":1,"${id}":0},"messages":{"__proto__":"m","toString":{"toString":1}}}`;
    expect(heard(await server.post('/v1/distributed/write', body)).json).toEqual({});
    const lines = await server.lines('results');
    expect(lines.map((line) => line.queryId)).toEqual(expect.arrayContaining(['__proto__', 'constructor', 'toString']));
    const line = lines.find((entry) => entry.queryId === '__proto__');
    expect(Object.keys(line?.columns ?? {})).toEqual(['__proto__', 'constructor', 'hasOwnProperty', 'toString']);
    expect((await record(server)).seenLive).toEqual([containerId(1)]);

    const log = `{"node_key":"${agent.key}","log_type":{"toString":1,"valueOf":1},"data":[{"__proto__":{"x":1},"constructor":2}]}`;
    expect(heard(await server.post('/v1/log', log)).json).toEqual({});
    expect(JSON.stringify((await server.lines('logs')).at(-1)?.line)).toBe('{"__proto__":{"x":1},"constructor":2}');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('in host_details becomes harmless text', async () => {
    const details = `{"system_info":{"__proto__":{"hostname":"x"},"hostname":{"toString":1},"uuid":["a"],"hardware_vendor":null},"osquery_info":{"version":5}}`;
    const body = JSON.stringify({ ...new Agent(server, '__proto__').enrollBody(), host_details: '@' }).replace(
      '"@"',
      details,
    );
    const reply = heard(await server.post('/v1/enroll', body));
    expect(reply.json).toHaveProperty('node_key');
    expect((await server.registry.find('__proto__', true))?.identity.osqueryVersion).toBe('5');
  });
});

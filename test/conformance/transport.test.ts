import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeCertificate } from '../../workbench/local-aws/machine/certificate.ts';
import { fronts } from '../support/fronts.ts';
import { type HttpAnswer, send } from '../support/https.ts';
import type { TlsServer } from '../support/tls-server.ts';
import { anEnrolled, heard, WireAgent } from '../support/wire-agent.ts';

/** The template is synthesized once a run, on a machine that is busy with other tests. */
const SYNTHESIS_MS = 120_000;

let strangersCertificate: string;
beforeAll(async () => {
  strangersCertificate = (await makeCertificate(Date.now())).cert;
});

/*
 * docs/spec/osquery-protocol.md §14, transport. Every endpoint in every state: each check applies to all replies.
 */
describe.each(fronts)('transport, through %s', (_, start) => {
  let server: TlsServer;
  let agent: WireAgent;
  let replies: readonly (readonly [name: string, reply: HttpAnswer])[];

  beforeAll(async () => {
    server = await start();
    agent = await anEnrolled(server, 'i-0aaaaaaaaaaaaaaa1');
    const stranger = new WireAgent(server, 'i-0aaaaaaaaaaaaaaa2');
    const to = async (path: string, body: unknown, options = {}) =>
      [path, await server.post(path, body, options)] as const;
    replies = [
      ['enroll', (await new WireAgent(server, 'i-0aaaaaaaaaaaaaaa3').enroll()).http],
      ['enroll refused', (await stranger.enroll({ enroll_secret: 'wrong' })).http],
      ['config', (await agent.config()).http],
      ['read', (await agent.read()).http],
      ['write', (await agent.write({ unknown: [{ a: '1' }] })).http],
      ['log', (await agent.log('result', [{ name: 'x' }])).http],
      ['config, no key', (await stranger.config()).http],
      ['read, no key', (await stranger.read()).http],
      ['write, no key', (await stranger.write({})).http],
      ['log, no key', (await stranger.log('status', [])).http],
      ['log, malformed', (await agent.send('/v1/log', { data: 5 })).http],
      ['write, malformed', (await agent.send('/v1/distributed/write', { queries: [] })).http],
      await to('/v1/enroll', 'not JSON'),
      await to('/v1/config', ''),
      await to('/v1/log', '[1,2'),
      await to('/', {}),
      await to('/no/such/path', {}),
      await to('/v1/config', '', { method: 'GET' }),
      await to('/v1/log', {}, { method: 'DELETE' }),
    ];
  }, SYNTHESIS_MS);
  afterAll(() => server.close());

  it('check 1: speaks TLS 1.2 and 1.3 with a valid chain for its name, ECDHE and AES-GCM', async () => {
    // The agent's suites for 1.2, and its verification of chain and name (send verifies against `ca` and localhost).
    const ciphers =
      'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384';
    const older = await server.post('/v1/config', {}, { maxVersion: 'TLSv1.2', ciphers });
    expect(older.tls).toEqual({ protocol: 'TLSv1.2', cipher: expect.stringMatching(/^ECDHE-.*-AES\d+-GCM-/) });
    const newer = await server.post('/v1/config', {}, { minVersion: 'TLSv1.3' });
    expect(newer.tls.protocol).toBe('TLSv1.3');
    await expect(send(`${server.url}/v1/config`, strangersCertificate, Buffer.from('{}'))).rejects.toThrow(
      /self-signed|unable to verify|signature/,
    );
  });

  it('check 2: accepts a new connection for every request', async () => {
    const ports = new Set<number>();
    for (let i = 0; i < 5; i++) {
      const reply = await agent.config();
      expect(reply.verdict).toBe('ok');
      ports.add(reply.http.localPort);
    }
    expect(ports.size).toBe(5);
  });

  it('check 3: answers each request well within 16 seconds of the connect', async () => {
    const begun = performance.now();
    const all = await Promise.all([agent.config(), agent.read(), agent.log('result', []), agent.write({})]);
    expect(all.map((reply) => reply.verdict)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(performance.now() - begun).toBeLessThan(12_000);
  });

  it('check 4: frames every reply with a length or chunks, headers below 8 KiB and body below 8 MiB', () => {
    for (const [name, reply] of replies) {
      const length = reply.headers['content-length'];
      const framed = length !== undefined || reply.headers['transfer-encoding'] === 'chunked';
      expect([name, framed]).toEqual([name, true]);
      if (length !== undefined) expect([name, Number(length)]).toEqual([name, reply.bytes.length]);
      expect(Buffer.byteLength(reply.rawHeaders.join('    '))).toBeLessThan(8192);
      expect(reply.bytes.length).toBeLessThan(8 * 1024 * 1024);
    }
  });

  it('check 5: never answers 3xx', () => {
    for (const [name, reply] of replies) {
      expect([name, reply.status >= 300 && reply.status < 400]).toEqual([name, false]);
      expect(reply.headers.location).toBeUndefined();
    }
  });

  it('check 6: compresses a reply only on request, and declares it', async () => {
    for (const [name, reply] of replies) expect([name, reply.headers['content-encoding']]).toEqual([name, undefined]);
    const asked = await server.post('/v1/config', { node_key: agent.key }, { headers: { 'Accept-Encoding': 'gzip' } });
    const plain = asked.headers['content-encoding'] === undefined;
    if (plain) expect(heard(asked).json).toHaveProperty('options');
    else expect(asked.headers['content-encoding']).toBe('gzip');
  });

  it('check 7: answers with a JSON object or with text that is not JSON, never with a scalar or an array', () => {
    for (const [name, { text }] of replies) {
      let document: unknown = {};
      try {
        document = JSON.parse(text);
      } catch {
        expect([name, text.trim().length > 0]).toEqual([name, true]);
      }
      expect([name, typeof document === 'object' && document !== null && !Array.isArray(document)]).toEqual([
        name,
        true,
      ]);
    }
  });

  it('check 8: sends no byte-order mark, no NUL and nothing after the document', () => {
    for (const [name, { bytes, text }] of replies) {
      expect([name, bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))]).toEqual([name, false]);
      expect([name, bytes.includes(0)]).toEqual([name, false]);
      if (text.startsWith('{')) expect([name, text]).toEqual([name, JSON.stringify(JSON.parse(text))]);
    }
  });

  it('check 9: no infrastructure error yields an empty body or a JSON object without error', async () => {
    const troubles = await Promise.all([
      server.post('/', {}),
      server.post('/favicon.ico', {}),
      server.post('/v1/enrol', {}),
      server.post('/v1/log/extra', {}),
      server.post('/%2e%2e/%00', {}),
      server.post('/v1/config', '', { method: 'GET' }),
      server.post('/v1/config', {}, { method: 'PATCH' }),
      server.post('/v1/log', 'x'.repeat(100_000)),
      server.post('/v1/log', Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff])),
    ]);
    expect(troubles.map((reply) => [heard(reply).verdict, reply.bytes.length > 0])).toEqual(
      troubles.map(() => ['fail', true]),
    );
  });

  it('check 10: node_invalid is a boolean wherever it appears, and error appears only on failure', () => {
    for (const [name, reply] of replies) {
      const { json, status } = heard(reply);
      if ('node_invalid' in json) expect([name, typeof json.node_invalid]).toEqual([name, 'boolean']);
      if (['enroll', 'config', 'read', 'write', 'log'].includes(name)) {
        expect([name, 'error' in json, 'node_invalid' in json, status]).toEqual([name, false, false, 200]);
      }
    }
    const invalid = replies.filter(([name]) => name.endsWith('no key'));
    expect(invalid.map(([, reply]) => heard(reply).json)).toEqual(invalid.map(() => ({ node_invalid: true })));
  });

  it('check 11: ignores unknown members and headers, and reads the key from the body without a header', async () => {
    const more = { unknown: { deep: [1] }, version: 99, node_key: agent.key };
    const reply = await server.post('/v1/config', more, { headers: { 'X-Whatever': 'x', Cookie: 'a=b' } });
    expect(heard(reply).json).toHaveProperty('schedule');
    const headerOnly = await server.post('/v1/config', {}, { headers: { Authorization: `NodeKey ${agent.key}` } });
    expect(heard(headerOnly).json).toHaveProperty('schedule');
  });

  it('check 12: rejects a request whose body key and header key differ', async () => {
    const other = await anEnrolled(server, 'i-0aaaaaaaaaaaaaaa4');
    const reply = await server.post(
      '/v1/config',
      { node_key: agent.key },
      { headers: { Authorization: `NodeKey ${other.key}` } },
    );
    expect(heard(reply).verdict).not.toBe('ok');
    expect(heard(reply).json).not.toHaveProperty('schedule');
  });

  it('check 13: decodes bodies leniently: bytes that are not UTF-8, and a repeated key', async () => {
    const before = (await server.lines('logs')).length;
    const body = Buffer.concat([
      Buffer.from(`{"node_key":"${agent.key}","log_type":"wrong","log_type":"result","data":[{"name":"caf`),
      Buffer.from([0xe9, 0xff, 0xfe]),
      Buffer.from('","name2":"x"}]}'),
    ]);
    expect(heard(await server.post('/v1/log', body)).verdict).toBe('ok');
    const stored = (await server.lines('logs')).slice(before);
    expect(stored).toMatchObject([{ logType: 'result', line: { name: 'caf\uFFFD\uFFFD\uFFFD', name2: 'x' } }]);
  });

  it('check 14: a repeated request changes nothing', async () => {
    const twice = { 'twice-0': [{ column: 'value' }] };
    expect([(await agent.write(twice)).verdict, (await agent.write(twice)).verdict]).toEqual(['ok', 'ok']);
    const stored = (await server.lines('results')).filter((line) => line.queryId === 'twice-0');
    expect(stored).toHaveLength(1);
    const again = new WireAgent(server, 'i-0aaaaaaaaaaaaaaa5');
    await again.enroll();
    const first = again.key;
    await again.enroll();
    expect(again.key).toBe(first);
  });

  it('check 15: does not depend on User-Agent', async () => {
    const texts = await Promise.all(
      ['osquery/5.23.1', 'osquery/1.0', 'curl/8', ''].map(
        async (name) =>
          (await server.post('/v1/config', { node_key: agent.key }, { headers: { 'User-Agent': name } })).text,
      ),
    );
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('"schedule"');
  });

  it('check 34: accepts a gzip log body with or without its header', async () => {
    const before = (await server.lines('logs')).length;
    const body = (n: number) => gzipSync(JSON.stringify({ node_key: agent.key, log_type: 'status', data: [{ n }] }));
    const declared = await server.post('/v1/log', body(1), { headers: { 'Content-Encoding': 'gzip' } });
    const bare = await server.post('/v1/log', body(2));
    expect([heard(declared).verdict, heard(bare).verdict]).toEqual(['ok', 'ok']);
    expect((await server.lines('logs')).slice(before).map((line) => line.line)).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

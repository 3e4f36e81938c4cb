import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { harnesses } from '../support/fronts.ts';
import type { TlsHarness } from '../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../support/wire-agent.ts';

/* docs/spec/osquery-protocol.md §14, log; 34 is in transport.test.ts, 36 in config.test.ts. */
describe.each(harnesses)('log, through %s', (_, start) => {
  let server: TlsHarness;
  let agent: WireAgent;
  beforeEach(async () => {
    server = await start();
    agent = await anEnrolled(server, 'i-0abc');
  });
  afterEach(() => server.close());

  it('check 31: accepts an empty batch, unknown members, and numbers or strings, in any order', async () => {
    expect((await agent.log('result', [])).verdict).toBe('ok');
    expect(await server.lines('logs')).toEqual([]);
    const lines = [
      {
        name: 'q',
        hostIdentifier: 'i-0abc',
        unixTime: 1759754096,
        epoch: 0,
        counter: 3,
        columns: { uid: '1001' },
        action: 'added',
      },
      { action: 'snapshot', snapshot: [{ a: '1' }], numerics: false, unixTime: '1759754096', brandNew: { x: [1] } },
      { severity: '2', line: '77', filename: 'x.cpp', message: 'm', version: '4.9.0' },
      { severity: 0, line: 77, filename: 'x.cpp', message: 'm', version: '5.23.1' },
      'a line that is no object',
    ];
    expect((await agent.send('/v1/log', { data: lines, log_type: 'status' })).verdict).toBe('ok');
    expect((await server.lines('logs')).map((entry) => entry.line)).toEqual(lines);
  });

  it('check 32: answers OK only once the batch is durable', async () => {
    let during = -1;
    server.firehose.meanwhile = async () => {
      during = (await server.lines('logs')).length;
    };
    server.firehose.script.push('unavailable');
    const lines = [{ name: 'a' }, { name: 'b' }];
    expect((await agent.log('result', lines)).verdict).toBe('fail');
    expect(await server.lines('logs')).toEqual([]);
    expect((await agent.log('result', lines)).verdict).toBe('ok');
    expect(during).toBe(0); // the answer came after the put, not before
    expect((await server.lines('logs')).map((entry) => entry.line)).toEqual(lines);
  });

  it('check 33: answers OK to a batch it can never accept, and quarantines it', async () => {
    const bodies = [{ data: 'x' }, { data: null }, { data: { a: 1 } }, {}, { log_type: 'result' }];
    for (const body of bodies) expect((await agent.send('/v1/log', body)).verdict).toBe('ok');
    const aside = await server.lines('quarantine');
    expect(aside.map((entry) => [entry.host, entry.endpoint])).toEqual(bodies.map(() => ['i-0abc', 'log']));
    expect(Buffer.from(aside[0]?.bodyBase64 ?? '', 'base64').toString()).toContain('"data":"x"');
    expect(await server.lines('logs')).toEqual([]);
  });

  it('check 35: a resent batch is stored once; the same lines of another host have other ids', async () => {
    const batch = [
      { name: 'q', unixTime: 1, counter: 1 },
      { name: 'q', unixTime: 1, counter: 2 },
    ];
    await agent.log('result', batch);
    await agent.log('result', batch);
    const ids = (await server.lines('logs')).map((entry) => entry.id);
    expect(ids).toHaveLength(2);
    const other = await anEnrolled(server, 'i-0def');
    await other.log('result', batch);
    expect(new Set((await server.lines('logs')).map((entry) => entry.id)).size).toBe(4);
  });
});

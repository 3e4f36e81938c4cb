import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { harnesses } from '../support/fronts.ts';
import type { TlsHarness } from '../support/tls-server.ts';
import { anEnrolled, WireAgent } from '../support/wire-agent.ts';

const MINUTE = 60_000;

/* docs/spec/osquery-protocol.md §14, enroll. */
describe.each(harnesses)('enroll, through %s', (_, start) => {
  let server: TlsHarness;
  beforeEach(async () => {
    server = await start();
  });
  afterEach(() => server.close());

  it('check 16: accepts missing host_details tables, and an empty secret without a server error', async () => {
    const bare = new WireAgent(server, 'bare');
    expect((await bare.enroll({ host_details: undefined })).json.node_key).toEqual(expect.any(String));
    for (const table of ['os_version', 'osquery_info', 'system_info', 'platform_info']) {
      const agent = new WireAgent(server, `without-${table}`);
      const details = { ...(agent.enrollBody().host_details as object), [table]: undefined };
      expect((await agent.enroll({ host_details: details })).json.node_key).toEqual(expect.any(String));
    }
    const secretless = await new WireAgent(server, 'secretless').enroll({ enroll_secret: '' });
    expect(secretless.status).toBeLessThan(500);
    expect(secretless.json).not.toHaveProperty('node_key');
  });

  it('check 17: answers with a node_key of printable ASCII, at most 4 KiB, for an identifier of any length', async () => {
    for (const host of ['i-0abc', 'a', 'h'.repeat(255), 'ホ'.repeat(255), 'käse/"\\ ']) {
      const agent = new WireAgent(server, host);
      const { json } = await agent.enroll();
      expect(json.node_key).toMatch(/^[\x21-\x7e]{1,4096}$/);
      // A key is valid only if later requests with it are accepted.
      expect((await agent.config()).verdict).toBe('ok');
    }
  });

  it('check 18: a rejection contains neither node_key nor id', async () => {
    const wishes = [
      { enroll_secret: 'wrong' },
      { enroll_secret: 7 },
      { host_identifier: '' },
      { host_identifier: 5 },
      { host_details: 'x' },
    ];
    for (const wish of wishes) {
      const { json } = await new WireAgent(server, 'refused').enroll(wish);
      expect(json).toEqual({ error: expect.any(String) });
    }
  });

  it('check 19: concurrent enrollments of one host, or repeated ones within the grace period, are one node, and every key stays valid meanwhile', async () => {
    const threads = [new WireAgent(server, 'storm'), new WireAgent(server, 'storm')];
    await Promise.all(threads.map((thread) => thread.enroll()));
    for (const thread of threads) expect((await thread.config()).verdict).toBe('ok');
    expect(threads[0]?.key).toBe(threads[1]?.key);

    server.clock.nowMs += 9 * MINUTE;
    const again = await anEnrolled(server, 'storm');
    expect(again.key).toBe(threads[0]?.key);

    // After the grace period it is a new enrollment, and the previous key stays valid for another grace period.
    server.clock.nowMs += 2 * MINUTE;
    const later = await anEnrolled(server, 'storm');
    expect(later.key).not.toBe(again.key);
    server.clock.nowMs += 9 * MINUTE;
    expect([(await again.config()).verdict, (await later.config()).verdict]).toEqual(['ok', 'ok']);
    server.clock.nowMs += 2 * MINUTE;
    expect([(await again.config()).verdict, (await later.config()).verdict]).toEqual(['invalid', 'ok']);
  });

  it('check 20: never gives one key to two host identifiers', async () => {
    const names = ['a', 'A', 'a ', 'a.', 'a~', 'b', 'i-0abc', 'i-0abcd', 'x'.repeat(254), 'x'.repeat(255)];
    const keys = await Promise.all(names.map(async (name) => (await anEnrolled(server, name)).key));
    expect(new Set(keys).size).toBe(names.length);
  });

  it('check 21: two live hosts under one identifier are detected, get a separate host name each, and do not evict each other', async () => {
    const one = new WireAgent(server, 'clone', { uuid: 'machine-1', instanceId: 'db-1' });
    const two = new WireAgent(server, 'clone', { uuid: 'machine-2', instanceId: 'db-2' });
    for (const agent of [one, two]) await agent.enroll();
    const keys = [one.key, two.key];
    let enrolls = 0;
    for (let minute = 0; minute < 60; minute += 2) {
      server.clock.nowMs += 2 * MINUTE;
      for (const agent of [one, two]) {
        if ((await agent.read()).verdict !== 'invalid') continue;
        enrolls += 1;
        await agent.enroll();
      }
    }
    expect(enrolls).toBe(0);
    expect([one.key, two.key]).toEqual(keys);
    expect(server.reports).toContainEqual({
      event: 'host_identifier_shared',
      fields: expect.objectContaining({ hostIdentifier: 'clone', host: expect.stringMatching(/^clone~/) }),
    });
  });

  it('check 22: reads platform_type as a string, and tolerates another type', async () => {
    for (const [index, type] of ['9', '21', 9, null, undefined, {}].entries()) {
      const { json } = await new WireAgent(server, `platform-${index}`).enroll({ platform_type: type });
      expect(json.node_key).toEqual(expect.any(String));
    }
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { endInstance } from '../../../lib/core/triggers/end-instance.ts';
import { fixture } from '../../support/fixtures.ts';
import { TableWorld } from '../../support/table-world.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, WireAgent } from '../../support/wire-agent.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';

let server: TlsHarness;
let agent: WireAgent;
beforeEach(async () => {
  server = await aTlsServer();
  agent = await anEnrolled(server, INSTANCE);
});
afterEach(() => server.close());

/** Sends EC2's event about the end of the instance to the functions on the same table. */
async function ends(): Promise<void> {
  const world = new TableWorld(server.table);
  world.nowMs = server.clock.nowMs;
  const raw = fixture(19, { state: 'terminated' });
  const event = { id: raw.id, instanceId: INSTANCE, state: 'terminated', occurredAtMs: world.nowMs, raw };
  expect(await endInstance({ ...event, detectedBy: 'event' }, world.taskDeps())).toBe('ended');
}

describe('an agent whose instance was terminated', () => {
  it('gets node_invalid on every endpoint, and no acknowledgement of its data', async () => {
    expect((await agent.read()).json).toHaveProperty('queries');
    await ends();
    for (const reply of [await agent.read(), await agent.write({ w: [{ a: '1' }] }), await agent.config()])
      expect(reply.json).toEqual({ node_invalid: true });
    expect((await agent.log('result', [{ name: 'x' }])).json).toEqual({ node_invalid: true });
    expect(await server.lines('results')).toEqual([]);
  });

  it('gets no new key for that host, and an error with the reason', async () => {
    await ends();
    const { json, verdict } = await agent.enroll();
    expect(verdict).toBe('fail');
    expect(json).toEqual({ error: expect.stringContaining('was terminated') });
    expect(server.reports).toContainEqual({ event: 'ended_host_refused', fields: { hostIdentifier: INSTANCE } });
    expect((await agent.read()).json).toEqual({ node_invalid: true });
    expect(server.thrown).toEqual([]);
  });

  it('does not affect another host of its name', async () => {
    await ends();
    const other = new WireAgent(server, INSTANCE, { uuid: 'another-machine' });
    expect((await other.enroll()).json).toHaveProperty('node_key');
    expect((await other.read()).json).toHaveProperty('queries');
    expect((await agent.read()).json).toEqual({ node_invalid: true });
  });
});

describe('an agent whose host was revoked', () => {
  it('has an invalid key at its next request, and gets no new one under this name', async () => {
    expect((await agent.config()).verdict).toBe('ok');
    expect(await server.registry.revoke(INSTANCE, server.clock.nowMs)).toBe(true);
    for (const reply of [await agent.read(), await agent.write({ w: [{ a: '1' }] }), await agent.config()])
      expect(reply.json).toEqual({ node_invalid: true });
    expect((await agent.enroll()).json).toEqual({ error: expect.stringContaining('An operator revoked this host') });
    const details = agent.enrollBody().host_details as Record<string, Record<string, unknown>>;
    const { uuid } = details.system_info as { uuid: string };
    const disguises = [
      { osquery_info: { ...details.osquery_info, instance_id: 'a new database' } },
      { system_info: { ...details.system_info, uuid: 'another machine' } },
      { system_info: { ...details.system_info, uuid: ` ${uuid.toLowerCase()}` } },
      { system_info: { ...details.system_info, uuid: uuid.toUpperCase() } },
      { system_info: undefined },
      { system_info: undefined, osquery_info: undefined },
    ];
    for (const disguise of disguises) {
      const { json } = await agent.enroll({ host_details: { ...details, ...disguise } });
      expect(json).toEqual({ error: expect.stringContaining('An operator revoked this host') });
    }
    expect(server.reports).toContainEqual({ event: 'revoked_host_refused', fields: { hostIdentifier: INSTANCE } });
    expect(await server.registry.readmit(INSTANCE)).toBe(true);
    expect((await agent.enroll()).json).toHaveProperty('node_key');
    expect(await server.registry.readmit(INSTANCE)).toBe(false);
  });
});

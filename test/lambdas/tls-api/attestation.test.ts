import { afterEach, describe, expect, it } from '@jest/globals';
import { DynamoFleetIssues } from '../../../lib/aws/fleet/fleet-issues.ts';
import type { AttestMode } from '../../../lib/core/attest/mode.ts';
import { aTrust, documentText, secretFile } from '../../support/a-document.ts';
import { settled } from '../../support/a-question.ts';
import { fixture } from '../../support/fixtures.ts';
import { plainPolicy } from '../../support/plain-policy.ts';
import { TableWorld } from '../../support/table-world.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { type HostDetails, WireAgent } from '../../support/wire-agent.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
let server: TlsHarness;
afterEach(async () => {
  await server.close();
  expect(server.thrown).toEqual([]);
  expect(server.reports.filter(({ event }) => event === 'request_failed')).toEqual([]);
  // Neither secret nor document is in any log line.
  const logged = JSON.stringify(server.reports);
  expect(logged).not.toContain(server.enrollSecret);
  expect(logged).not.toContain('privateIp');
});

const begin = async (mode: AttestMode): Promise<void> => {
  server = await aTlsServer(plainPolicy, aTrust(mode));
};
const attested = (instance = INSTANCE) => ({
  enroll_secret: secretFile(server.enrollSecret, documentText(instance)),
});
const anAgent = (host: string, details: HostDetails = {}): WireAgent => new WireAgent(server, host, details);
const issues = () => new DynamoFleetIssues(server.table).open(server.clock.nowMs);

describe('required attestation', () => {
  it('gives the name of an instance only to an agent with its document', async () => {
    await begin('required');
    const evil = anAgent(INSTANCE, { uuid: 'evil', instanceId: 'evil' });
    expect((await evil.enroll()).json).toEqual({ error: expect.stringContaining('did not attest its instance') });
    expect((await evil.enroll(attested('i-0ffffffffffffffff'))).json).toEqual({
      error: expect.stringContaining('not for i-0a1b2c3d4e5f60718'),
    });
    const real = anAgent(INSTANCE);
    expect((await real.enroll(attested())).json).toHaveProperty('node_key');
    expect(await server.registry.find(INSTANCE, true)).toMatchObject({ attested: true });
    // The same agent without it gets no key either.
    expect((await anAgent(INSTANCE).enroll()).json).not.toHaveProperty('node_key');
    expect((await real.config()).verdict).toBe('ok');
  });

  it('still requires the secret', async () => {
    await begin('required');
    const wrong = { enroll_secret: secretFile('wrong', documentText(INSTANCE)) };
    expect((await anAgent(INSTANCE).enroll(wrong)).json).toEqual({ error: expect.stringContaining('secret') });
  });

  it("reads the instance from the document, not from the agent's report", async () => {
    await begin('required');
    const world = new TableWorld(server.table);
    world.nowMs = server.clock.nowMs;
    const real = anAgent('ip-10-0-0-1');
    await real.enroll(attested());
    const evil = anAgent('evil-3', { uuid: 'evil', instanceId: 'evil' });
    await evil.enroll();
    for (const agent of [real, evil]) {
      const ids = Object.keys(await agent.poll());
      await agent.write(Object.fromEntries(ids.map((id) => [id, [{ instance_id: INSTANCE }]])));
    }
    await world.send(fixture(15), fixture(5));
    expect(await world.waiting('ip-10-0-0-1')).not.toEqual([]);
    expect(await world.waiting('evil-3')).toEqual([]);
    expect(await issues()).toMatchObject([{ kind: 'unattested', host: 'evil-3' }]);
  });

  it('distinguishes a second agent with the same document, and rejects one after the end of the instance', async () => {
    await begin('required');
    const world = new TableWorld(server.table);
    world.nowMs = server.clock.nowMs;
    const real = anAgent(INSTANCE);
    await real.enroll(attested());
    const replayed = anAgent(INSTANCE, { uuid: 'thief', instanceId: 'thief' });
    await replayed.enroll(attested());
    expect((await real.config()).verdict).toBe('ok');
    expect((await issues()).map(({ kind }) => kind)).toEqual(['identifier-shared']);
    await world.send(fixture(19, { state: 'terminated' }));
    const late = anAgent('web-8', { uuid: 'late', instanceId: 'late' });
    expect((await late.enroll(attested())).json).toEqual({ error: expect.stringContaining('terminated') });
  });

  it('takes the name from a node that enrolled without a document before', async () => {
    await begin('required');
    await new TableWorld(server.table).aNode(INSTANCE);
    const world = new TableWorld(server.table);
    world.nowMs = server.clock.nowMs;
    const before = anAgent(INSTANCE);
    await before.enroll(attested());
    const node = await server.registry.find(INSTANCE, true);
    expect(node).toMatchObject({ attested: true });
    expect((await before.config()).verdict).toBe('ok');
  });
});

describe('preferred attestation', () => {
  it('gives the name of an instance without a document, as a fleet issue, and later to an agent with a document', async () => {
    await begin('preferred');
    const evil = anAgent(INSTANCE, { uuid: 'evil', instanceId: 'evil' });
    expect((await evil.enroll()).json).toHaveProperty('node_key');
    expect(await issues()).toMatchObject([{ kind: 'unattested', host: INSTANCE }]);
    await settled(server, evil);
    const real = anAgent(INSTANCE);
    await real.enroll(attested());
    expect((await evil.read()).verdict).toBe('invalid');
    expect((await real.read()).verdict).toBe('ok');
    expect((await issues()).map(({ kind }) => kind)).toContain('identity-contested');
    // It enrolls again as another agent, and never under this name.
    await evil.enroll();
    expect((await real.read()).verdict).toBe('ok');
    expect(await server.registry.find(INSTANCE, true)).toMatchObject({ attested: true });
  });
});

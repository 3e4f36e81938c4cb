import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoPolicyStore } from '../../../lib/aws/policy/policy-store.ts';
import { agentConfig, configHash } from '../../../lib/core/policy/agent-config.ts';
import type { Policy } from '../../../lib/core/policy/policy.ts';
import { versionAfter } from '../../../lib/core/policy/policy-version.ts';
import { defaultPolicyWith } from '../../support/policy-folder.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled } from '../../support/wire-agent.ts';

const SECOND = 1000;
const policy = defaultPolicyWith('config/db-read-only.yaml');
const documentOf = (of: Policy, name: string): string => {
  const profile = of.profiles.find((one) => one.name === name);
  if (!profile) throw new Error(`no profile ${name}`);
  return agentConfig(profile).json;
};

let server: TlsHarness;
afterEach(() => server.close());

describe('the configuration of a node', () => {
  beforeEach(async () => {
    server = await aTlsServer(policy);
  });

  it.each([
    ['db-01-ro-eu-west-1', 'db-read-only'],
    ['db-2-ro-', 'db-read-only'],
    ['db-01-rw-eu-west-1', 'default'],
    ['my-db-01-ro-eu', 'default'],
    ['DB-01-RO-EU', 'default'],
    ['ip-10-0-0-1', 'default'],
    ['', 'default'],
  ])('of %p is the profile %s', async (hostname, profile) => {
    const agent = await anEnrolled(server, 'h1', { hostname });
    const { text, verdict } = await agent.config();
    expect(text).toBe(documentOf(policy, profile));
    expect(verdict).toBe('ok');
    expect(Object.keys(JSON.parse(text)).length).toBeGreaterThan(0);
  });

  it('costs one DynamoDB call on a warm function: the node', async () => {
    const agent = await anEnrolled(server, 'h1');
    await agent.config();
    server.dynamo.calls.length = 0;
    await agent.config();
    expect(server.dynamo.calls.map(({ name, input }) => [name, input.Key])).toEqual([
      ['GetItemCommand', { pk: 'HOST#h1', sk: '#node' }],
    ]);
  });

  it('is an error while the table is down, never an empty document', async () => {
    const agent = await anEnrolled(server, 'h1');
    server.dynamo.failAll();
    const { verdict, json } = await agent.config();
    expect(verdict).toBe('fail');
    expect(json).toEqual({ error: expect.any(String) });
  });
});

describe('a pushed policy', () => {
  const next: Policy = {
    ...policy,
    profiles: policy.profiles.map((profile) => ({
      ...profile,
      config: { ...profile.config, options: { distributed_interval: 20 } },
    })),
  };
  const draft = (of: Policy) => ({ policy: of, sources: {}, message: 'm', pushedBy: 'me', pushedAtMs: 0 });
  let store: DynamoPolicyStore;
  const pushes = (of: Policy, version: number) => store.push(versionAfter(version - 1, draft(of)), version - 1);

  beforeEach(async () => {
    server = await aTlsServer('in the table');
    store = new DynamoPolicyStore(server.table);
    expect(await pushes(policy, 2)).toBe(true); // the deployment stored version 1
  });

  it('is served within 30 s without a change on the host, under the predicted hash', async () => {
    const agent = await anEnrolled(server, 'h1', { hostname: 'db-01-ro-x' });
    const before = (await agent.config()).text;
    await pushes(next, 3);
    server.clock.nowMs += 30 * SECOND;
    const after = (await agent.config()).text;
    expect([before, after]).toEqual([documentOf(policy, 'db-read-only'), documentOf(next, 'db-read-only')]);
    const expected = next.profiles.map((profile) => agentConfig(profile).configHash);
    expect(expected).toContain(configHash(after));
    expect(expected).not.toContain(configHash(before));
  });

  it('costs no read of the policy within 30 s, and a small one after that', async () => {
    const agent = await anEnrolled(server, 'h1');
    const cost = async () => {
      server.dynamo.calls.length = 0;
      await agent.config();
      return server.dynamo.calls.map(({ input }) => (input.Key as { sk: string }).sk);
    };
    server.clock.nowMs += 30 * SECOND - 1;
    expect(await cost()).toEqual(['#node']);
    server.clock.nowMs += 1;
    expect(await cost()).toEqual(['#node', '#current']);
    expect(await cost()).toEqual(['#node']);
  });

  it('waits while it cannot be read: the previous one is still served', async () => {
    const agent = await anEnrolled(server, 'h1');
    await pushes(next, 3);
    server.clock.nowMs += 30 * SECOND;
    server.dynamo.fault = ({ input }) =>
      JSON.stringify(input).includes('"POLICY"') ? new Error('no such luck') : undefined;
    expect((await agent.config()).text).toBe(documentOf(policy, 'default'));
    expect(server.reports.map(({ event }) => event)).toContain('policy_refresh_failed');
    server.dynamo.heal();
    server.clock.nowMs += 5 * SECOND;
    expect((await agent.config()).text).toBe(documentOf(next, 'default'));
  });

  it('is seeded into an empty table, and never overwritten', async () => {
    await server.close();
    server = await aTlsServer('in the table');
    store = new DynamoPolicyStore(server.table);
    const agent = await anEnrolled(server, 'h1');
    expect((await agent.config()).text).toBe(documentOf(defaultPolicyWith(), 'default'));
    expect(await store.liveNumber()).toBe(1);
    expect(await pushes(policy, 1)).toBe(false);
  });

  it('is an error while no version can be read, never an empty document', async () => {
    await server.close();
    server = await aTlsServer('in the table');
    server.dynamo.fault = ({ input }) => (JSON.stringify(input).includes('"POLICY"') ? new Error('no') : undefined);
    const agent = await anEnrolled(server, 'h1').catch((error: Error) => error.message);
    expect(agent).toContain('not enrolled');
  });
});

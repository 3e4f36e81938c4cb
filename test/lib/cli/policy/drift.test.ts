import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import { agentConfig, configHash } from '../../../../lib/core/policy/agent-config.ts';
import type { Policy } from '../../../../lib/core/policy/policy.ts';
import { versionAfter } from '../../../../lib/core/policy/policy-version.ts';
import { folderOf, jsonLines, mayfly } from '../../../support/command.ts';
import { defaultPolicyWith } from '../../../support/policy-folder.ts';
import { aTlsServer, type TlsHarness } from '../../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../../support/wire-agent.ts';

const policy = defaultPolicyWith('config/db-read-only.yaml');
const hashOf = (of: Policy, name: string): string => {
  const profile = of.profiles.find((one) => one.name === name);
  if (!profile) throw new Error(`no profile ${name}`);
  return agentConfig(profile).configHash;
};
const OLD = 'a'.repeat(40);

let server: TlsHarness;
let data: string;
beforeEach(async () => {
  server = await aTlsServer(policy);
  server.clock.nowMs = Date.now(); // the command runs now
  const store = new DynamoPolicyStore(server.table);
  await store.push(versionAfter(0, { policy, sources: {}, message: '', pushedBy: '', pushedAtMs: 0 }), 0);
  const ready = { dynamodb: process.env.TEST_DYNAMODB_ENDPOINT, tableName: server.table.name };
  data = await folderOf({ 'ready.json': JSON.stringify(ready) });
});
afterEach(() => server.close());

/** The node's own report in a scheduled query, in event format. */
const says = (agent: WireAgent, hash: unknown, action = 'snapshot') =>
  agent.log('result', [{ name: 'osquery_health', action, columns: { version: '5.23.1', config_hash: hash } }]);

async function nodes(): Promise<Record<string, unknown>> {
  const { code, stdout } = await mayfly('policy', 'drift', '--data', data, '--json');
  expect(code).toBe(0);
  const [list] = jsonLines(stdout) as unknown as { host: string }[][];
  return Object.fromEntries((list ?? []).map(({ host, ...node }) => [host, node]));
}

describe('mayfly policy drift', () => {
  it('shows for each node whether it runs the configuration of the policy', async () => {
    const expected = hashOf(policy, 'default');
    await says(await anEnrolled(server, 'h1'), expected);
    await says(await anEnrolled(server, 'h2'), OLD);
    await anEnrolled(server, 'h3');
    await says(await anEnrolled(server, 'db', { hostname: 'db-01-ro-x' }), expected);
    const read = hashOf(policy, 'db-read-only');
    expect(await nodes()).toEqual({
      h1: { profile: 'default', expected, reported: expected, state: 'current' },
      h2: { profile: 'default', expected, reported: OLD, state: 'drifted' },
      h3: { profile: 'default', expected, reported: null, state: 'unknown' },
      db: { profile: 'db-read-only', expected: read, reported: expected, state: 'drifted' },
    });
  });

  it('prints nodes that drifted, and counts the rest', async () => {
    await says(await anEnrolled(server, 'h1'), hashOf(policy, 'default'));
    await says(await anEnrolled(server, 'h2'), OLD);
    await anEnrolled(server, 'h3');
    const { code, stdout } = await mayfly('policy', 'drift', '--data', data);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('3 nodes: 1 current, 1 drifted, 1 have not reported yet'),
    ]);
    expect(stdout).toMatch(/h2 .*default .*drifted/);
    expect(stdout).not.toMatch(/h1|h3/);
    const all = (await mayfly('policy', 'drift', '--data', data, '--all')).stdout;
    for (const line of [/h1 .*current/, /h2 .*drifted/, /h3 .*unknown/]) expect(all).toMatch(line);
  });

  it('uses the configuration that the node was really sent', async () => {
    const agent = await anEnrolled(server, 'h1');
    const { text } = await agent.config();
    await says(agent, configHash(text));
    expect(await nodes()).toMatchObject({ h1: { state: 'current' } });
  });

  it('changes with a push: current nodes have drifted until they report the new hash', async () => {
    const agent = await anEnrolled(server, 'h1');
    await says(agent, hashOf(policy, 'default'));
    const next = {
      ...policy,
      profiles: policy.profiles.map((one) => ({
        ...one,
        config: { ...one.config, options: { distributed_interval: 20 } },
      })),
    };
    const draft = { policy: next, sources: {}, message: '', pushedBy: '', pushedAtMs: 0 };
    await new DynamoPolicyStore(server.table).push(versionAfter(1, draft), 1);
    expect(await nodes()).toMatchObject({ h1: { state: 'drifted' } });
    await says(agent, hashOf(next, 'default'));
    expect(await nodes()).toMatchObject({ h1: { state: 'current' } });
  });

  it('records a new hash, not the one of the previous configuration', async () => {
    const agent = await anEnrolled(server, 'h1');
    const row = (config_hash: string) => [{ config_hash }];
    const expected = hashOf(policy, 'default');
    await agent.log('result', [{ name: 'x', diffResults: { added: row(expected), removed: row(OLD) } }]);
    expect(await nodes()).toMatchObject({ h1: { state: 'current' } });
    await agent.log('result', [
      { name: 'x', action: 'added', columns: row(expected)[0] },
      { name: 'x', action: 'removed', columns: row(OLD)[0] },
    ]);
    expect(await nodes()).toMatchObject({ h1: { state: 'current' } });
  });

  it("keeps a node's report when the node polls again", async () => {
    const agent = await anEnrolled(server, 'h1');
    await says(agent, OLD);
    server.clock.nowMs += 6 * 60_000;
    await agent.poll();
    expect(await nodes()).toMatchObject({ h1: { reported: OLD } });
  });

  it.each<[string, unknown]>([
    ['no hash', undefined],
    ['an empty one, as before the first configuration', ''],
    ['one of another length', 'ab12'],
    ['a terminal escape', `\u001b[31m${OLD}`],
    ['an object', { hash: OLD }],
    ['a number', 7],
  ])('does not accept %s as a report', async (_, hash) => {
    const agent = await anEnrolled(server, 'h1');
    expect((await says(agent, hash)).verdict).toBe('ok');
    expect(await nodes()).toMatchObject({ h1: { reported: null, state: 'unknown' } });
  });
});

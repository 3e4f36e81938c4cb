import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../lib/aws/nodes/node-directory.ts';
import type { PolicyRule } from '../../../lib/core/policy/policy.ts';
import { aPolicyOf, aRule } from '../../support/a-rule.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

const MINUTE = 60_000;
const asking = (name: string): Partial<PolicyRule> => ({
  queries: [{ name, sql: `SELECT '${name}' AS rule FROM osquery_info`, bind: {} }],
});
const policy = aPolicyOf([
  aRule('everybody', { enrollment: true }, asking('everybody')),
  aRule('databases', { enrollment: { hostname: ['db-*'] } }, { ...asking('databases'), accelerateSeconds: 120 }),
  aRule('old-agents', { enrollment: { osqueryVersion: ['4.*'] } }, asking('old-agents')),
  aRule('in-the-cloud', { enrollment: { vendor: ['Amazon EC2'], platform: ['amzn'] } }, asking('in-the-cloud')),
  aRule(
    'who',
    { enrollment: { hostname: ['who-*'] } },
    {
      queries: [{ name: 'who', sql: 'SELECT :name AS name', bind: { name: 'node.hostname' } }],
    },
  ),
]);

let server: TlsHarness;
beforeEach(async () => {
  server = await aTlsServer(policy);
});
afterEach(() => server.close());

/** Names of the rules whose queries the next polls deliver; all are answered. */
async function asked(agent: WireAgent): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const queries = await agent.poll();
    if (Object.keys(queries).length === 0) return names.sort();
    names.push(...Object.values(queries).map((sql) => /'(.*?)'/.exec(sql)?.[1] ?? sql));
    await agent.write(Object.fromEntries(Object.keys(queries).map((id) => [id, []])));
  }
}

describe('a node that enrolls', () => {
  it('gets the queries of the rules for its attributes at its next poll', async () => {
    expect(await asked(await anEnrolled(server, 'h1'))).toEqual(['everybody', 'in-the-cloud']);
    expect(await asked(await anEnrolled(server, 'h2', { hostname: 'db-01', vendor: 'QEMU' }))).toEqual([
      'databases',
      'everybody',
    ]);
  });

  it('can be queried by the attributes it reported', async () => {
    expect(await asked(await anEnrolled(server, 'h1', { hostname: "who-'x", vendor: 'x' }))).toEqual([
      'everybody',
      'who-',
    ]);
  });

  it('gets no query for tables its platform lacks', async () => {
    const linuxOnly: PolicyRule['queries'] = [
      { name: 'deb', sql: "SELECT 'deb' AS rule FROM deb_packages", bind: {}, platforms: ['linux'] },
    ];
    const other = await aTlsServer(aPolicyOf([aRule('deb', { enrollment: true }, { queries: linuxOnly })]));
    expect(await asked(await anEnrolled(other, 'h1', { platform: 'windows' }))).toEqual([]);
    expect(await asked(await anEnrolled(other, 'h2', { platform: 'ubuntu' }))).toEqual(['deb']);
    other.close();
  });

  it('polls fast at once if a matching rule wants that, and otherwise not', async () => {
    const database = await anEnrolled(server, 'h1', { hostname: 'db-01' });
    expect((await database.read()).json).toMatchObject({ accelerate: 120 });
    const other = await anEnrolled(server, 'h2');
    expect((await other.read()).json).not.toHaveProperty('accelerate');
  });

  it('is queried once for any number of enrollments within the grace period', async () => {
    const agent = await anEnrolled(server, 'h1');
    await agent.enroll();
    expect(await asked(agent)).toEqual(['everybody', 'in-the-cloud']);
    server.clock.nowMs += 9 * MINUTE;
    await agent.enroll();
    expect(await asked(agent)).toEqual([]);
  });

  it('is queried once for concurrent requests', async () => {
    const agent = await anEnrolled(server, 'h0');
    const twice = await Promise.all([anEnrolled(server, 'h1'), anEnrolled(server, 'h1')]);
    expect(await asked(agent)).toEqual(['everybody', 'in-the-cloud']);
    expect(await asked(twice[0])).toEqual(['everybody', 'in-the-cloud']);
    expect(await asked(twice[1])).toEqual([]);
  });

  it('is queried again when it enrolls again', async () => {
    const agent = await anEnrolled(server, 'h1');
    await asked(agent);
    server.clock.nowMs += 11 * MINUTE;
    await agent.enroll();
    expect(await asked(agent)).toEqual(['everybody', 'in-the-cloud']);
  });

  it('is queried again after its record was deleted, along with its pending queries', async () => {
    const agent = await anEnrolled(server, 'h1');
    await asked(agent);
    await server.table.db.send(
      new DeleteCommand({ TableName: server.table.name, Key: { pk: 'HOST#h1', sk: '#node' } }),
    );
    expect((await agent.read()).verdict).toBe('invalid');
    await agent.enroll();
    expect(await asked(agent)).toEqual(['everybody', 'in-the-cloud']);
  });

  it('is queried once, wherever its first enrollment failed', async () => {
    for (let call = 1; ; call++) {
      const host = `h${call}`;
      await anEnrolled(server, 'warm');
      server.dynamo.failCall(call);
      let agent = await anEnrolled(server, host).catch(() => undefined);
      server.dynamo.heal();
      const failed = agent === undefined;
      agent ??= await anEnrolled(server, host);
      expect([call, await asked(agent)]).toEqual([call, ['everybody', 'in-the-cloud']]);
      if (!failed) break;
    }
  });

  it('is found by selectors, with its profile', async () => {
    await anEnrolled(server, 'h1', { hostname: 'db-01' });
    const directory = new DynamoNodeDirectory(server.table, () => server.clock.nowMs);
    const entries = [];
    let cursor: string | undefined;
    do {
      const page = await directory.page(cursor);
      entries.push(...page.entries);
      cursor = page.next;
    } while (cursor);
    expect(entries).toEqual([
      expect.objectContaining({ hostIdentifier: 'h1', hostname: 'db-01', profile: 'default', platform: 'amzn' }),
    ]);
  });
});

import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoFleetIssues } from '../../../lib/aws/fleet/fleet-issues.ts';
import { ask, containerId, record, settled } from '../../support/a-question.ts';
import { everything } from '../../support/scan.ts';
import { aTlsServer, ENROLL_SECRET_ARN, NODE_KEY_SECRET_ARN, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, WireAgent } from '../../support/wire-agent.ts';

const MINUTE = 60_000;

describe('enrollment', () => {
  let server: TlsHarness;
  beforeEach(async () => {
    server = await aTlsServer();
  });
  afterEach(async () => {
    await server.close();
    expect(server.thrown).toEqual([]);
  });

  const forget = (host: string) =>
    server.table.db.send(new DeleteCommand({ TableName: server.table.name, Key: { pk: `HOST#${host}`, sk: '#node' } }));

  it('of one host twenty times at once creates one node, one key, and one set of queries', async () => {
    const storm = Array.from({ length: 20 }, () => new WireAgent(server, 'i-0abc'));
    await Promise.all(storm.map((agent) => agent.enroll()));
    expect(new Set(storm.map((agent) => agent.key)).size).toBe(1);
    expect((await storm.at(-1)?.config())?.verdict).toBe('ok');
    const items = await everything(server.table);
    expect(items.filter((item) => item.sk === '#node')).toHaveLength(1);
    expect(items.filter((item) => String(item.sk).startsWith('q#'))).toHaveLength(2);
    // Enrollments that raced each report the same queries, which were queued once.
    const [queued, others] = [true, false].map((isQueued) =>
      server.reports.filter(({ event }) => (event === 'queries_queued') === isQueued),
    );
    expect(others?.map(({ event }) => event)).toEqual(['node_enrolled']);
    expect(new Set(queued?.map(({ fields }) => JSON.stringify(fields.queries))).size).toBe(1);
  });

  it('costs seven requests to the table, and one for each query', async () => {
    await new WireAgent(server, 'first').enroll(); // this one also reads the policy
    server.dynamo.calls.length = 0;
    await new WireAgent(server, 'second').enroll();
    expect(server.dynamo.calls.map(({ name }) => name)).toEqual([
      'GetItemCommand', // the node
      'QueryCommand', // what waits
      'PutItemCommand', // the hint
      ...['PutItemCommand', 'PutItemCommand'], // the queries
      'PutItemCommand', // the node
      'GetItemCommand', // an alias of that name
      'UpdateItemCommand', // the directory
    ]);
  });

  it.each([3, 4])(
    'of %i agents on one host under one identifier distinguishes them, with one enrollment each',
    async (n) => {
      const agents = Array.from(
        { length: n },
        (_, i) => new WireAgent(server, 'i-0abc', { instanceId: `db-${i}`, uuid: 'one machine' }),
      );
      for (const agent of agents) await agent.enroll();
      // Polls for a quarter of a minute, then occasional ones for an hour.
      for (const seconds of [5, 5, 5, ...Array.from({ length: 6 }, () => 600)]) {
        server.clock.nowMs += seconds * 1000;
        for (const agent of agents) {
          expect((await agent.read()).verdict).toBe('ok');
          expect((await agent.config()).verdict).toBe('ok');
        }
      }
      expect(new Set(agents.map(({ key }) => key)).size).toBe(n);
      const issues = await new DynamoFleetIssues(server.table).open(server.clock.nowMs);
      expect(issues).toMatchObject([{ kind: 'identifier-shared', host: 'i-0abc' }]);
    },
  );

  it('without a hardware id, under a living identifier, gets neither its key nor its queue', async () => {
    const victim = await anEnrolled(server, 'i-0abc', { uuid: 'U', instanceId: 'db-1' });
    await settled(server, victim);
    await ask(server, 'i-0abc', { only: 'container' });
    const other = new WireAgent(server, 'i-0abc', { uuid: '', instanceId: '' });
    expect((await other.enroll()).json).toEqual({ error: expect.stringContaining('names neither') });
    const nameless = await anEnrolled(server, 'i-0abc', { uuid: '', instanceId: 'db-2' });
    await settled(server, nameless);
    expect(await nameless.poll()).toEqual({});
    const [id = ''] = Object.keys(await victim.poll());
    await victim.write({ [id]: [{ id: containerId(1), state: 'running' }] });
    expect((await record(server, 1)).seenLive).toEqual([containerId(1)]);
    const issues = await new DynamoFleetIssues(server.table).open(server.clock.nowMs);
    expect(issues).toMatchObject([{ kind: 'identifier-shared', host: 'i-0abc' }]);
  });

  it('of an agent that lost its database gets its old name back without help', async () => {
    await anEnrolled(server, 'i-0abc', { uuid: 'U', instanceId: 'db-1' });
    server.clock.nowMs += MINUTE;
    const again = await anEnrolled(server, 'i-0abc', { uuid: 'U', instanceId: 'db-2' });
    let enrollments = 0;
    for (let n = 0; n < 30; n++) {
      server.clock.nowMs += 10_000;
      if ((await again.read()).verdict !== 'invalid') continue;
      await again.enroll();
      enrollments += 1;
    }
    expect(enrollments).toBe(1);
    await ask(server, 'i-0abc', { only: 'container' });
    expect(Object.keys(await again.poll())).not.toEqual([]);
  });

  it('of two hosts with one host_identifier gives each its own queue', async () => {
    const one = await anEnrolled(server, 'clone', { uuid: 'machine-1', instanceId: 'db-1', hostname: 'one' });
    const two = await anEnrolled(server, 'clone', { uuid: 'machine-2', instanceId: 'db-2', hostname: 'two' });
    for (const agent of [one, two]) await settled(server, agent);
    await ask(server, 'clone', { only: 'container' });
    expect(await two.poll()).toEqual({});
    const [id = ''] = Object.keys(await one.poll());
    await one.write({ [id]: [{ id: containerId(1), state: 'running' }] });
    expect((await server.lines('results')).at(-1)).toMatchObject({ host: 'clone', hostname: 'one' });
    // It gets the same name each time it enrolls.
    server.clock.nowMs += 11 * MINUTE;
    await one.read();
    const again = await anEnrolled(server, 'clone', { uuid: 'machine-2', instanceId: 'db-2', hostname: 'two' });
    const hosts = (await everything(server.table)).filter((item) => item.sk === '#node').map((item) => item.host);
    expect(hosts.sort()).toEqual(['clone', expect.stringMatching(/^clone~[0-9a-f]{8}$/)]);
    expect((await again.config()).verdict).toBe('ok');
  });

  it('takes over the identifier of a host that has been silent for 15 minutes', async () => {
    await anEnrolled(server, 'db-01', { uuid: 'machine-1' });
    server.clock.nowMs += 15 * MINUTE;
    await anEnrolled(server, 'db-01', { uuid: 'machine-2', hostname: 'successor' });
    const nodes = (await everything(server.table)).filter((item) => item.sk === '#node');
    expect(nodes).toMatchObject([{ host: 'db-01', identity: { hostname: 'successor' } }]);
  });

  it('reads the secret under another name, as tls_enroll_override sends it', async () => {
    const { enroll_secret: secret, ...body } = new WireAgent(server, 'i-0abc').enrollBody();
    for (const member of ['my_secret', 'token', '__proto__']) {
      const text = JSON.stringify(body).replace(/^\{/, `{${JSON.stringify(member)}:${JSON.stringify(secret)},`);
      expect((await server.post('/v1/enroll', text)).text).toContain('"node_key"');
    }
    const wrong = await server.post('/v1/enroll', { ...body, my_secret: 'wrong' });
    expect(wrong.text).not.toContain('node_key');
    const many = await server.post('/v1/enroll', { ...body, a: secret, b: 'x', c: 'y' });
    expect(many.text).not.toContain('node_key'); // a client cannot try one value after another
  });

  it('accepts the current secret and the previous one, but no older one', async () => {
    server.secrets.rotate(ENROLL_SECRET_ARN, 'second');
    server.clock.nowMs += 31_000; // a secret that does not match makes the function read again, at most every 30 s
    expect((await new WireAgent(server, 'a').enroll({ enroll_secret: 'second' })).json).toHaveProperty('node_key');
    expect((await new WireAgent(server, 'b').enroll()).json).toHaveProperty('node_key');
    server.secrets.rotate(ENROLL_SECRET_ARN, 'third');
    server.clock.nowMs += 5 * MINUTE;
    expect((await new WireAgent(server, 'c').enroll()).json).not.toHaveProperty('node_key');
    expect((await new WireAgent(server, 'd').enroll({ enroll_secret: 'second' })).json).toHaveProperty('node_key');
    expect((await new WireAgent(server, 'e').enroll({ enroll_secret: 'third' })).json).toHaveProperty('node_key');
  });

  it('survives a rotation of the signing key, and after the next one every node enrolls again without help', async () => {
    const agent = await anEnrolled(server, 'i-0abc');
    server.secrets.rotate(NODE_KEY_SECRET_ARN, 'second');
    server.clock.nowMs += 5 * MINUTE;
    expect((await agent.config()).verdict).toBe('ok');
    const fresh = await anEnrolled(server, 'i-0def');
    expect((await fresh.config()).verdict).toBe('ok');
    server.secrets.rotate(NODE_KEY_SECRET_ARN, 'third');
    server.clock.nowMs += 5 * MINUTE;
    expect([(await agent.config()).verdict, (await fresh.config()).verdict]).toEqual(['invalid', 'ok']);
    await agent.enroll();
    expect((await agent.config()).verdict).toBe('ok');
  });

  it('of a node whose record was deleted happens again without help, and its queue is intact', async () => {
    const agent = await anEnrolled(server, 'i-0abc');
    await settled(server, agent);
    await ask(server, 'i-0abc', { n: 1, only: 'container' });
    const delivered = Object.keys(await agent.poll());
    await ask(server, 'i-0abc', { n: 2, only: 'container' });
    await forget('i-0abc');
    for (const act of ['config', 'read'] as const) expect((await agent[act]()).json).toEqual({ node_invalid: true });
    server.clock.nowMs += 1000;
    await agent.enroll();
    // Queries taken before are answered under the new key, and pending ones are delivered.
    const [id = ''] = delivered;
    expect((await agent.write({ [id]: [{ id: containerId(1), state: 'running' }] })).verdict).toBe('ok');
    expect((await record(server, 1)).seenLive).toEqual([containerId(1)]);
    expect(Object.values(await agent.poll()).join()).toContain(containerId(2));
  });

  it('is effective at once, even if an eventually consistent read does not show it yet', async () => {
    server.dynamo.stale = true;
    const agent = await anEnrolled(server, 'i-0abc');
    expect(Object.keys(await agent.poll())).toHaveLength(2);
    expect((await agent.config()).json).toHaveProperty('schedule');
    expect((await agent.log('result', [{ a: 1 }])).json).toEqual({});
    expect((await agent.write({ x: [] })).json).toEqual({});
    expect(server.dynamo.calls.filter((call) => call.input.ConsistentRead === false).length).toBeGreaterThanOrEqual(4);
  });

  it('lapses after a week of silence, whether or not TTL has removed the record', async () => {
    const agent = await anEnrolled(server, 'i-0abc');
    server.clock.nowMs += 7 * 24 * 60 * MINUTE - 1000;
    expect((await agent.config()).verdict).toBe('ok'); // the poll renews it
    server.clock.nowMs += 7 * 24 * 60 * MINUTE - 1000;
    expect((await agent.config()).verdict).toBe('ok');
    server.clock.nowMs += 7 * 24 * 60 * MINUTE + 1000;
    expect((await agent.config()).verdict).toBe('invalid');
    expect((await everything(server.table)).some((item) => item.sk === '#node')).toBe(true);
  });

  it('queues its queries once for any number of enrollments within the grace period', async () => {
    const agent = await anEnrolled(server, 'i-0abc');
    const first = Object.keys(await agent.poll());
    expect(first).toHaveLength(2);
    await agent.write(Object.fromEntries(first.map((id) => [id, []])));
    for (let n = 0; n < 3; n++) {
      server.clock.nowMs += MINUTE;
      await agent.enroll();
      expect(await agent.poll()).toEqual({});
    }
  });

  it.each([
    ['the ARN of a container instance', 'arn:aws:ecs:us-east-1:111122223333:container-instance/prod/4f1c', 'ARN'],
    ['a name with control characters', 'web\u001b[2J', 'control'],
    ['a name that changes the direction of text', 'web\u202e4-bd', 'control'],
    ["another host's second agent", 'i-0abc~0123abcd', 'second agents'],
  ])('as %s is rejected with the reason, and drains nothing', async (_, host, reason) => {
    const { json } = await new WireAgent(server, host).enroll();
    expect(json).toEqual({ error: expect.stringContaining(reason) });
    expect(await everything(server.table)).toEqual([]);
  });

  it('with a wrong secret costs no database call, and at most one read of the secret in 30 seconds', async () => {
    await new WireAgent(server, 'i-0abc').enroll({ enroll_secret: 'wrong' });
    const looks = server.secrets.calls;
    for (let n = 0; n < 10; n++) await new WireAgent(server, 'i-0abc').enroll({ enroll_secret: `wrong ${n}` });
    expect(server.secrets.calls).toBe(looks);
    expect(server.dynamo.calls).toEqual([]);
    expect(new Set(server.reports.map((report) => report.event))).toEqual(new Set(['enroll_refused']));
  });
});

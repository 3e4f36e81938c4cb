import { describe, expect, it } from '@jest/globals';
import {
  Random,
  SimulatedAgent,
  SimulatedHost,
  type SqlAnswer,
  VirtualClock,
} from '../../../../workbench/world/index.ts';
import { aWorld, HOUR, MINUTE, ScriptedServer, SECOND, T0 } from '../world.ts';

const rowsOf = (answer: SqlAnswer) => (answer.ok ? answer.rows : []);

describe('enrollment', () => {
  it('is the first request, with secret, identifier, platform as text and four tables as texts', async () => {
    const { agent, clock, server } = aWorld();
    agent.start();
    await clock.advance(SECOND);
    expect(server.received[0]?.endpoint).toBe('enroll');
    const body = server.bodiesTo('enroll')[0];
    expect(body).toMatchObject({
      enroll_secret: 'fleet secret',
      host_identifier: 'i-0123456789abcdef0',
      platform_type: '9',
      host_details: {
        os_version: { name: 'Amazon Linux', platform: 'amzn', pid_with_namespace: '0' },
        osquery_info: { version: '5.23.1', config_hash: '', config_valid: '0' },
        system_info: { hardware_vendor: 'Amazon EC2' },
        platform_info: { vendor: 'Amazon EC2' },
      },
    });
    const details = body?.host_details as Record<string, Record<string, string>>;
    expect(Object.keys(details)).toEqual(['os_version', 'osquery_info', 'platform_info', 'system_info']);
    expect(details.osquery_info?.extensions).toBe('active');
    const texts = Object.values(body?.host_details as object).flatMap((row: object) => Object.values(row));
    expect(texts.every((text) => typeof text === 'string')).toBe(true);
  });

  it('contains only the columns that each table sets, by name', async () => {
    const { agent, clock, server } = aWorld();
    agent.start();
    await clock.advance(SECOND);
    const details = server.bodiesTo('enroll')[0]?.host_details as Record<string, object>;
    expect(Object.entries(details.os_version ?? {})).toEqual([
      ['_id', '2023'],
      ['arch', 'aarch64'],
      ['major', '2023'],
      ['minor', '0'],
      ['name', 'Amazon Linux'],
      ['patch', '0'],
      ['pid_with_namespace', '0'],
      ['platform', 'amzn'],
      ['platform_like', 'fedora'],
      ['version', '2023'],
    ]);
    expect(details.system_info).not.toHaveProperty('cpu_brand'); // Arm has no cpuid
  });

  it('has no platform_info without a readable SMBIOS, and NULs after the name of an Intel processor', async () => {
    const clock = new VirtualClock(T0);
    const host = new SimulatedHost({ clock, random: new Random('smbios'), smbios: false, architecture: 'x86_64' });
    const server = new ScriptedServer(clock);
    const parts = { host, clock, random: new Random('agent'), transport: server };
    new SimulatedAgent({ ...parts, url: 'https://osq.example.com', enrollSecret: 's' }).start();
    await clock.advance(SECOND);
    const details = server.bodiesTo('enroll')[0]?.host_details as Record<string, Record<string, string>>;
    expect(details).not.toHaveProperty('platform_info');
    expect(details.system_info).toMatchObject({ hardware_model: '' });
    expect(details.system_info).not.toHaveProperty('hardware_vendor');
    expect(details.system_info?.cpu_brand).toMatch(/^Intel.*C\0+$/);
    const [row] = rowsOf(host.query('SELECT cpu_brand FROM system_info'));
    expect(row?.cpu_brand).toBe('Intel(R) Xeon(R) Platinum 8488C'); // SQLite text ends at the first NUL
  });

  it('accepts `id` as node key if there is no `node_key`', async () => {
    const { agent, clock, server } = aWorld();
    server.on('enroll', { id: 'other name' });
    agent.start();
    await clock.advance(SECOND);
    expect(server.bodiesTo('config')[0]).toEqual({ node_key: 'other name' });
  });

  it('succeeds with a key even together with node_invalid, which has no effect here', async () => {
    const { agent, clock, server, happened } = aWorld();
    server.on('enroll', { node_key: 'k', node_invalid: true });
    agent.start();
    await clock.advance(SECOND);
    expect(happened('enrolled')).toMatchObject([{ nodeKey: 'k' }]);
  });

  it.each([['{}'], ['{"node_key":""}'], ['{"node_key":5}'], ['{"error":"no"}'], ['[]'], ['oops']])(
    'does not succeed with %s',
    async (answer) => {
      const { agent, clock, server, happened } = aWorld();
      server.on('enroll', answer);
      agent.start();
      await clock.advance(SECOND / 2);
      expect(happened('enroll-failed')).toHaveLength(1);
      expect(server.to('config')).toEqual([]);
    },
  );

  it('is tried again after 1, 4, 9 s and so on while every other request waits', async () => {
    const { agent, clock, server } = aWorld();
    server.inTurn('enroll', {}, {}, {}, { node_key: 'late' });
    agent.start();
    await clock.advance(13 * SECOND);
    expect(server.received.map(({ endpoint }) => endpoint)).toEqual(['enroll', 'enroll', 'enroll']);
    await clock.advance(SECOND);
    const start = server.received[0]?.atMs ?? 0;
    expect(server.to('enroll').map(({ atMs }) => atMs - start)).toEqual([0, 1000, 5000, 14_000]);
    expect(server.bodiesTo('config')[0]).toEqual({ node_key: 'late' });
  });

  it('that never succeeds ends osqueryd with code 78 after about 50 minutes', async () => {
    const { agent, clock, server, happened } = aWorld();
    server.on('enroll', { error: 'wrong secret' }).on('config', { node_invalid: true });
    agent.start();
    await clock.advance(40 * MINUTE);
    expect(happened('exited')).toEqual([]);
    await clock.advance(20 * MINUTE);
    expect(happened('exited')).toMatchObject([{ code: 78 }]);
    expect(server.bodiesTo('config')).toEqual([{ node_key: '' }, { node_key: '' }, { node_key: '' }]);
    expect(server.to('enroll')).toHaveLength(6 * 12); // one at start, three for configs, two for the logger
    expect(server.to('config')[0]?.headers).not.toHaveProperty('Authorization');
  });

  it('happens again after node_invalid, within the same three attempts', async () => {
    const { agent, clock, server, happened } = aWorld();
    server.inTurn('enroll', { node_key: 'one' }, { node_key: 'two' });
    server.inTurn('read', { node_invalid: true }, {});
    agent.start();
    await clock.advance(2 * SECOND);
    expect(happened('node-key-deleted')).toMatchObject([{ endpoint: 'read' }]);
    expect(server.bodiesTo('read')).toEqual([{ node_key: 'one' }, { node_key: 'two' }]);
    expect((server.to('read')[1]?.atMs ?? 0) - (server.to('read')[0]?.atMs ?? 0)).toBe(1000);
  });

  it('does not happen again if re-enrollment is disabled', async () => {
    const { agent, clock, server } = aWorld({ flags: { disable_reenrollment: true } });
    server.on('read', { node_invalid: true });
    agent.start();
    await clock.advance(MINUTE);
    expect(server.to('enroll')).toHaveLength(1);
  });

  it('is shared by all threads that need a key at the same time', async () => {
    const { agent, clock, server } = aWorld({ flags: { config_refresh: 10, distributed_interval: 10 } });
    agent.start();
    await clock.advance(5 * SECOND);
    agent.database.nodeKey = undefined;
    await clock.advance(HOUR);
    expect(server.to('enroll')).toHaveLength(2);
  });

  it('is repeated with the same identifier and another instance id after a wipe', async () => {
    const { agent, clock, server } = aWorld();
    agent.start();
    await clock.advance(SECOND);
    await agent.wipe();
    await clock.advance(SECOND);
    const details = server
      .bodiesTo('enroll')
      .map((body) => body.host_details as { osquery_info: { instance_id: string } });
    expect(server.bodiesTo('enroll').map((body) => body.host_identifier)).toEqual([
      'i-0123456789abcdef0',
      'i-0123456789abcdef0',
    ]);
    expect(new Set(details.map(({ osquery_info }) => osquery_info.instance_id)).size).toBe(2);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { aWorld, HOUR, MINUTE, SECOND } from '../world.ts';

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
const CONFIG = { options: { distributed_interval: 20 }, schedule: { up: { query: 'SELECT 1 AS one', interval: 60 } } };

describe('a configuration', () => {
  it('is fetched once at start and then every config_refresh seconds', async () => {
    const { agent, clock, server } = aWorld({ flags: { config_refresh: 300 } });
    agent.start();
    await clock.advance(HOUR - SECOND);
    const start = server.to('config')[0]?.atMs ?? 0;
    expect(server.to('config').map(({ atMs }) => (atMs - start) / 1000)).toEqual(
      Array.from({ length: 12 }, (_, index) => index * 300),
    );
  });

  it('is never fetched again with a refresh of 0', async () => {
    const { agent, clock, server } = aWorld({ flags: { config_refresh: 0 } });
    agent.start();
    await clock.advance(HOUR);
    expect(server.to('config')).toHaveLength(1);
  });

  it('that fails is fetched again after the accelerated refresh, even if that is later', async () => {
    const { agent, clock, server, happened } = aWorld({ flags: { config_refresh: 60 } });
    server.inTurn('config', CONFIG, { error: 'x' }, { error: 'x' }, { error: 'x' }, CONFIG);
    agent.start();
    await clock.advance(420 * SECOND);
    expect(happened('config-failed')).toHaveLength(1);
    const start = server.to('config')[0]?.atMs ?? 0;
    expect(server.to('config').map(({ atMs }) => (atMs - start) / 1000)).toEqual([0, 60, 61, 65, 365]);
  });

  it('has the SHA-1 of its SHA-1 as hash, which its queries can select', async () => {
    const { agent, clock, server } = aWorld();
    server
      .on('config', CONFIG)
      .inTurn('read', { queries: { q: 'SELECT config_hash, config_valid FROM osquery_info' } }, {});
    agent.start();
    await clock.advance(SECOND);
    expect(server.bodiesTo('write')[0]).toMatchObject({
      queries: { q: [{ config_hash: sha1(sha1(JSON.stringify(CONFIG))), config_valid: '1' }] },
    });
  });

  it('that has not changed is not applied again', async () => {
    const { agent, clock, server, happened } = aWorld({ flags: { config_refresh: 60 } });
    server.on('config', CONFIG);
    agent.start();
    await clock.advance(5 * MINUTE + SECOND);
    expect(happened('config-applied')).toHaveLength(1);
    expect(happened('config-unchanged')).toHaveLength(5);
  });

  it.each([
    ['an empty body', ''],
    ['an AWS error', '{"message":"Internal server error"}'],
  ])('of %s removes the schedule, and the next good one brings it back', async (_, answer) => {
    const { agent, clock, server, happened } = aWorld({ flags: { config_refresh: 60 } });
    server.inTurn('config', CONFIG, answer, CONFIG);
    agent.start();
    await clock.advance(2 * MINUTE + SECOND);
    expect(happened('config-applied').map(({ scheduled }) => scheduled)).toEqual([1, 0, 1]);
  });

  it('that is rejected leaves the old one in force', async () => {
    const { agent, clock, server, happened } = aWorld({ flags: { config_refresh: 60 } });
    server.inTurn('config', CONFIG, { error: 'later' });
    agent.start();
    await clock.advance(10 * MINUTE);
    expect(happened('config-applied')).toHaveLength(1);
    expect(happened('schedule-executed').length).toBeGreaterThan(7);
  });

  it.each([
    ['larger than 1 MiB', { schedule: {}, filler: 'x'.repeat(1_048_577) }],
    ['nested more than 32 levels', JSON.parse(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`)],
    ['an array', []],
  ])('that is %s leaves the agent without a schedule, also when it is sent again', async (_, bad) => {
    const { agent, clock, server, happened } = aWorld({ flags: { config_refresh: 60 } });
    server.inTurn('config', CONFIG, { raw: { body: Buffer.from(JSON.stringify(bad)) } });
    agent.start();
    await clock.advance(MINUTE + SECOND);
    expect(happened('config-rejected')).toHaveLength(1);
    const ran = happened('schedule-executed').length;
    await clock.advance(10 * MINUTE);
    expect(happened('schedule-executed')).toHaveLength(ran);
    expect(happened('config-rejected')).toHaveLength(1);
    expect(happened('config-unchanged').length).toBeGreaterThan(5);
  });

  it('sets options that stay when a later one leaves them out', async () => {
    const { agent, clock, server } = aWorld({ flags: { config_refresh: 60, distributed_interval: 10 } });
    server.inTurn('config', { options: { distributed_interval: '30' } }, {});
    agent.start();
    await clock.advance(3 * MINUTE + SECOND);
    const start = server.to('read')[0]?.atMs ?? 0;
    expect(server.to('read').map(({ atMs }) => (atMs - start) / 1000)).toEqual([0, 30, 60, 90, 120, 150, 180]);
  });

  it('cannot set flagfile-only options, except through their aliases', async () => {
    const { agent, clock, server } = aWorld({ flags: { config_refresh: 300 } });
    server.on('config', { options: { config_refresh: 7, enroll_always: true, config_tls_refresh: 60 } });
    agent.start();
    await clock.advance(181 * SECOND);
    expect(server.to('config')).toHaveLength(4);
    const warnings = server.bodiesTo('log').flatMap(({ data }) => data as { message: string }[]);
    expect(warnings.map(({ message }) => message).filter((text) => text.includes('CLI_FLAG'))).toEqual([
      "Cannot set CLI_FLAG option 'config_refresh' from config",
      "Cannot set CLI_FLAG option 'enroll_always' from config",
    ]);
  });

  it('that arrives after a failed first fetch cannot start the distributed loop', async () => {
    const { agent, clock, server } = aWorld({ flags: { disable_distributed: true, config_refresh: 60 } });
    server.inTurn(
      'config',
      { error: 'x' },
      { error: 'x' },
      { error: 'x' },
      { options: { disable_distributed: false } },
    );
    agent.start();
    await clock.advance(HOUR);
    expect(server.to('read')).toEqual([]);
  });

  it('in time starts the distributed loop', async () => {
    const { agent, clock, server } = aWorld({ flags: { disable_distributed: true } });
    server.on('config', { options: { disable_distributed: false } });
    agent.start();
    await clock.advance(SECOND);
    expect(server.to('read')).toHaveLength(1);
  });
});

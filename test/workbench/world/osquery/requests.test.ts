import { describe, expect, it } from '@jest/globals';
import { aWorld, HOUR, MINUTE, SECOND } from '../world.ts';

describe('a request of the simulated agent', () => {
  it('has the headers of osquery, and the node key in body and header', async () => {
    const { agent, clock, server } = aWorld();
    agent.start();
    await clock.advance(SECOND);
    const [enroll] = server.to('enroll');
    expect(enroll?.headers).toEqual({
      'Content-Type': 'application/json',
      Accept: 'application/json',
      'User-Agent': 'osquery/5.23.1',
      Host: 'osq.example.com',
      'Content-Length': String(enroll?.bytes.length),
    });
    const [config] = server.to('config');
    expect(config?.headers.Authorization).toBe('NodeKey key-1');
    expect(config?.body).toEqual({ node_key: 'key-1' });
  });

  it('goes to the URL followed by the endpoint', async () => {
    const { agent, clock, server } = aWorld({
      url: 'https://api.example.com:8443/prod',
      endpoints: { read: '/q/read' },
    });
    agent.start();
    await clock.advance(SECOND);
    expect(server.to('config')[0]?.url).toBe('https://api.example.com:8443/prod/v1/config');
    expect(server.to('read')[0]?.url).toBe('https://api.example.com:8443/prod/q/read');
    expect(server.to('read')[0]?.headers.Host).toBe('api.example.com:8443');
  });

  it('is sent once more with the same bytes when the connection breaks, before the caller learns of it', async () => {
    const { agent, clock, server, happened } = aWorld();
    agent.faults.inject('drop-after-processing', { endpoint: 'config' });
    agent.start();
    await clock.advance(SECOND);
    const [first, second, ...more] = server.to('config');
    expect(more).toEqual([]);
    expect(second?.bytes).toEqual(first?.bytes);
    expect(second?.atMs).toBe(first?.atMs);
    expect(happened('config-failed')).toEqual([]);
  });

  it('that breaks twice fails, and is tried again after 1 s and 4 s', async () => {
    const { agent, clock, server, happened } = aWorld();
    agent.faults.inject('half-response', { endpoint: 'config', times: 6 });
    agent.start();
    await clock.advance(6 * SECOND);
    const start = server.to('config')[0]?.atMs ?? 0;
    expect(server.to('config').map(({ atMs }) => atMs - start)).toEqual([0, 0, 1000, 1000, 5000, 5000]);
    expect(happened('config-failed')).toHaveLength(1);
  });

  it('has 16 s in total, and is not resent after that', async () => {
    const { agent, clock, server, happened } = aWorld();
    agent.faults.inject('stall', { endpoint: 'config' });
    agent.start();
    await clock.advance(16 * SECOND);
    expect(server.to('config')).toHaveLength(1);
    expect(happened('requested').at(-1)).toMatchObject({ endpoint: 'config', durationMs: 16_000, copies: 1 });
    await clock.advance(SECOND); // the second attempt of the caller
    expect(server.to('config')).toHaveLength(2);
  });

  it('shares its 16 s with the hidden resend', async () => {
    const { agent, clock, server, happened } = aWorld();
    agent.faults.slowLink = true; // 2 to 4 s per copy
    agent.faults.inject('half-response', { endpoint: 'config', times: 1 });
    agent.faults.inject('stall', { endpoint: 'config', times: 1 });
    agent.start();
    await clock.advance(MINUTE);
    const [config] = happened('requested').filter(({ endpoint }) => endpoint === 'config');
    expect(config).toMatchObject({ copies: 2, durationMs: 16_000 });
    expect(server.to('config').length).toBeGreaterThanOrEqual(3);
  });

  it('is sent twice by a network that duplicates it, and counts once', async () => {
    const { agent, clock, server, happened } = aWorld();
    agent.faults.inject('duplicate', { endpoint: 'enroll' });
    agent.start();
    await clock.advance(SECOND);
    expect(server.to('enroll')).toHaveLength(2);
    expect(happened('enrolled')).toHaveLength(1);
  });

  it('follows redirects with method, body, Host and Authorization unchanged', async () => {
    const { agent, clock, server } = aWorld();
    server.on('config', ({ url }) =>
      url.includes('elsewhere')
        ? {}
        : { raw: { status: 302, headers: { location: 'https://elsewhere.test/x/config' } } },
    );
    agent.start();
    await clock.advance(SECOND);
    const [first, second] = server.to('config');
    expect(second?.url).toBe('https://elsewhere.test/x/config');
    expect(second?.headers).toEqual(first?.headers);
    expect(second?.bytes).toEqual(first?.bytes);
  });

  it.each([
    ['a redirect without Location', { status: 304, headers: {} }],
    ['an endless redirect', { status: 307, headers: { location: '/v1/config' } }],
    ['a header block above 8 KiB', { headers: { 'x-big': 'x'.repeat(8200) } }],
    ['a body above 8 MiB', { body: Buffer.alloc(8 * 1024 * 1024 + 1, 0x20) }],
  ])('fails on %s', async (_, raw) => {
    const { agent, clock, server, happened } = aWorld();
    server.on('config', { raw });
    agent.start();
    await clock.advance(6 * SECOND);
    expect(happened('config-failed')).toHaveLength(1);
  });

  it.each([200, 403, 413, 429, 500, 503])('is classified by its body only, not by status %i', async (status) => {
    const { agent, clock, server, happened } = aWorld();
    server.on('config', { raw: { status, body: Buffer.from('{"schedule":{}}') } });
    agent.start();
    await clock.advance(SECOND);
    expect(happened('config-applied')).toHaveLength(1);
  });

  it('kills the worker if the answer is a bare scalar, and the watcher starts another', async () => {
    const { agent, clock, server, happened } = aWorld();
    server.inTurn('config', '"ok"', {});
    agent.start();
    await clock.advance(9 * SECOND); // it died at once: 3 s until the watcher looks, then 5 + 2 s
    expect(happened('would-have-crashed')).toMatchObject([{ endpoint: 'config' }]);
    expect(server.to('config')).toHaveLength(1);
    await clock.advance(SECOND);
    expect(server.to('config')).toHaveLength(2);
    expect(server.to('enroll')).toHaveLength(1); // the key was in the database
  });

  it('has no Authorization header before 5.23.0', async () => {
    const { agent, clock, server } = aWorld({ version: '5.22.1' });
    agent.start();
    await clock.advance(SECOND);
    expect(server.to('read')[0]?.headers).not.toHaveProperty('Authorization');
    expect(server.to('read')[0]?.body).toEqual({ node_key: 'key-1' });
  });

  it('is not sent after the agent has stopped, and has its key when it starts again', async () => {
    const { agent, clock, server } = aWorld();
    agent.start();
    await clock.advance(MINUTE);
    await agent.stop();
    const before = server.received.length;
    await clock.advance(HOUR);
    expect(server.received).toHaveLength(before);
    agent.start();
    await clock.advance(SECOND);
    expect(server.received.length).toBeGreaterThan(before);
    expect(server.to('enroll')).toHaveLength(1);
  });
});

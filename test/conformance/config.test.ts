import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pollingEvery } from '../../lib/core/policy/agent-config.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { harnesses } from '../support/fronts.ts';
import type { TlsHarness } from '../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../support/wire-agent.ts';

/** Options that only a flagfile can set (docs/spec/osquery-protocol.md §7). */
const CLI_ONLY =
  /^(tls_(hostname|server_certs|client_cert|client_key|session_reuse|session_timeout|accept_gzip|enroll_max_attempts|enroll_max_interval)|proxy_hostname|enroll_(tls_endpoint|secret_path|secret_env|always)|disable_(enrollment|reenrollment|carver|watchdog|extensions|tables)|config_(plugin|tls_endpoint|tls_max_attempts|refresh|accelerated_refresh|enable_backup|path)|logger_(plugin|stderr|mode)|carver_.*|database_path|pidfile|force|watchdog_.*|alarm_timeout|extensions_.*|enable_tables|keep_container_worker_open|aws_enforce_fips)$/;

/** Every option that a released configuration has set: agents keep a value until another one is sent. */
const EVER_SENT = [
  'disable_distributed',
  'distributed_interval',
  'distributed_tls_max_attempts',
  'logger_tls_max_lines',
  'logger_tls_max_linesize',
  'logger_tls_period',
  'logger_tls_compress',
  'logger_snapshot_event_type',
  'logger_min_status',
  'schedule_splay_percent',
  'pack_delimiter',
];

interface Config {
  readonly options: Readonly<Record<string, unknown>>;
  readonly schedule: Readonly<Record<string, { readonly query: string; readonly interval: number }>>;
  readonly packs?: Readonly<Record<string, unknown>>;
}

/* docs/spec/osquery-protocol.md §14, config. */
describe.each(harnesses)('config, through %s', (_, start, isLongPoll) => {
  let server: TlsHarness;
  let agent: WireAgent;
  let config: Config;
  beforeAll(async () => {
    server = await start(builtIn.policy);
    agent = await anEnrolled(server, 'i-0abc');
    config = (await agent.config()).json as unknown as Config;
  });
  beforeEach(() => server.dynamo.heal());
  afterAll(() => server.close());

  it('check 23: is complete or fails; a broken dependency never yields a part of it', async () => {
    const [profile] = builtIn.policy.profiles;
    expect(config).toEqual(isLongPoll && profile ? pollingEvery(1, profile).config : profile?.config);
    server.dynamo.failAll();
    const broken = await agent.config();
    expect([broken.verdict, Object.keys(broken.json)]).toEqual(['fail', ['error']]);
    server.dynamo.heal();
    server.clock.nowMs += 6 * 60_000; // now it renews `lastSeenMs`, its second call
    server.dynamo.failCall(2);
    const half = await agent.config();
    expect(['ok', 'fail']).toContain(half.verdict);
    if (half.verdict === 'ok') expect(half.json).toEqual(config);
  });

  it('check 24: stays under 1 MiB and 32 levels', async () => {
    const depth = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
    expect((await agent.config()).http.bytes.length).toBeLessThan(1024 * 1024);
    expect(depth(config)).toBeGreaterThan(2);
    expect(depth(config)).toBeLessThan(32);
  });

  it('check 25: answers node_invalid for an unknown or empty key', async () => {
    for (const key of ['', 'unknown', 'mf1.abc.def.ghi', agent.key.slice(0, -1)]) {
      const { text } = (await server.post('/v1/config', { node_key: key })) as { text: string };
      expect(text).toBe('{"node_invalid":true}');
    }
  });

  it('check 26: an unchanged configuration is the same bytes, so its hash is predictable', async () => {
    const texts = await Promise.all([1, 2, 3].map(async () => (await agent.config()).text));
    expect(new Set(texts).size).toBe(1);
    const other = await anEnrolled(server, 'i-0def');
    expect((await other.config()).text).toBe(texts[0]);
    // osquery serialises the document again before it hashes: compact JSON survives that unchanged.
    const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
    expect(sha1(texts[0] ?? '')).toBe(sha1(JSON.stringify(config)));
  });

  it('check 27: intervals lie in 1…604800, and no name has a reserved prefix or suffix', () => {
    const queries = Object.entries(config.schedule);
    expect(queries.length).toBeGreaterThan(0);
    for (const [name, { interval, query }] of queries) {
      expect(Number.isInteger(interval) && interval >= 1 && interval <= 604_800).toBe(true);
      expect(name).not.toMatch(/^(query\.|cache\.|config_views\.)|(epoch|counter)$/);
      expect(query).toMatch(/^SELECT /);
    }
  });

  it('check 28: sets no option that only a flagfile can set', () => {
    expect(Object.keys(config.options).filter((name) => CLI_ONLY.test(name))).toEqual([]);
    expect('config_refresh').toMatch(CLI_ONLY);
  });

  it('check 29: keeps sending every option it ever sent, because osquery does not reset an omitted one', () => {
    expect(EVER_SENT.filter((name) => !Object.hasOwn(config.options, name))).toEqual([]);
    expect(Object.values(config.options)).not.toContain(null);
    expect(Object.values(config.options)).not.toContain('');
  });

  it('check 30: packs are objects', () => {
    expect(Object.values(config.packs ?? {}).filter((pack) => typeof pack !== 'object')).toEqual([]);
    expect(typeof config).toBe('object');
  });

  it('check 36: a full log batch stays below the body limit of the front', () => {
    const { logger_tls_max_lines: lines, logger_tls_max_linesize: size } = config.options as Record<string, number>;
    const base64 = (bytes: number) => Math.ceil(bytes / 3) * 4;
    // Lambda accepts an event of 6 MB: the body in base64, and the rest of the request.
    expect(base64(Number(lines) * (Number(size) + 1) + 1000) + 20_000).toBeLessThan(6 * 1024 * 1024);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { agentConfig, configHash, profileFor } from '../../../../lib/core/policy/agent-config.ts';
import type { Profile } from '../../../../lib/core/policy/policy.ts';
import { parseJson, writeJson } from '../../../../workbench/world/osquery/json.ts';
import { aWorld, SECOND } from '../../../workbench/world/world.ts';

const aProfile = (config: Profile['config'], profile: Partial<Profile> = {}): Profile => ({
  name: 'default',
  config,
  ...profile,
});
const CONFIG = { options: { distributed_interval: 10 }, schedule: { up: { query: 'SELECT 1', interval: 60 } } };

/** Texts that JSON writers format differently; osquery accepts every format. */
const ODD = {
  schedule: {
    up: { query: 'SELECT *\n\tFROM "time"\r\n -- \\u001f \u0001\u001b\u007f\u2028 ✓ 😀 </script> \b\f', interval: 60 },
  },
  decorators: { interval: { '3600': ['SELECT 1'], '60': ['SELECT 2'] } },
};

describe('the profile of a node', () => {
  const database = aProfile(CONFIG, { name: 'database', match: { hostname: ['db-01-ro-*'] } });
  const ubuntu = aProfile(CONFIG, { name: 'ubuntu', match: { platform: ['ubuntu'] } });
  const fallback = aProfile(CONFIG);
  const profiles = [database, ubuntu, fallback];

  it('is the one for its hostname, as in the talk', () => {
    expect(profileFor(profiles, { hostIdentifier: 'i-1', hostname: 'db-01-ro-use1.example.com' })).toBe(database);
  });

  it('is the first of several that match', () => {
    const node = { hostIdentifier: 'i-1', hostname: 'db-01-ro-1', platform: 'ubuntu' };
    expect(profileFor(profiles, node)).toBe(database);
    expect(profileFor([ubuntu, database, fallback], node)).toBe(ubuntu);
  });

  it("is the default if none matches, or if the node's attributes are unknown", () => {
    expect(profileFor(profiles, { hostIdentifier: 'i-1', hostname: 'web-1', platform: 'amzn' })).toBe(fallback);
    expect(profileFor(profiles, { hostIdentifier: 'i-1' })).toBe(fallback);
  });

  it('always exists: a policy without a default profile is an error, so agents keep their configuration', () => {
    expect(() => profileFor([database], { hostIdentifier: 'i-1' })).toThrow('no default profile');
  });
});

describe('the document of a profile', () => {
  it('is compact JSON in its written order', () => {
    expect(agentConfig(aProfile(CONFIG)).json).toBe(
      '{"options":{"distributed_interval":10},"schedule":{"up":{"query":"SELECT 1","interval":60}}}',
    );
  });

  it('is built once for each profile of each version', () => {
    const profile = aProfile(CONFIG);
    expect(agentConfig(profile)).toBe(agentConfig(profile));
    expect(agentConfig(structuredClone(profile))).toEqual(agentConfig(profile));
  });

  it('is the same bytes after a round trip through the table', () => {
    const profile = aProfile(ODD);
    expect(agentConfig(JSON.parse(JSON.stringify(profile))).json).toBe(agentConfig(profile).json);
  });

  it('is formatted as osquery formats it', () => {
    const { json } = agentConfig(aProfile(ODD));
    expect(writeJson(parseJson(json))).toBe(json);
    expect(JSON.parse(json)).toEqual(ODD);
  });

  it.each([
    ['empty', {}, 'is empty'],
    ['over 1 MiB', { schedule: { long: { query: 'x'.repeat(1024 * 1024) } } }, '1048576 are allowed'],
    ['not parsable by osquery', { schedule: { half: { query: 'SELECT \ud83d' } } }, 'a lone surrogate'],
  ])('that is %s is never served', (_, config, message) => {
    expect(() => agentConfig(aProfile(config))).toThrow(message);
  });

  it('may contain text that looks like an escape', () => {
    const config = { schedule: { backslash: { query: "SELECT '\\ud83d'" } } };
    expect(JSON.parse(agentConfig(aProfile(config)).json)).toEqual(config);
  });
});

describe('the hash that an agent will report', () => {
  it('is the SHA-1 of the SHA-1 of the document', () => {
    // printf '{"schedule":{}}' | sha1sum | cut -c-40 | tr -d '\n' | sha1sum
    expect(configHash('{"schedule":{}}')).toBe('fc546461316d4da57fb1368313130738674abe6f');
    const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
    expect(agentConfig(aProfile(CONFIG)).configHash).toBe(sha1(sha1(JSON.stringify(CONFIG))));
  });

  it.each([
    ['a plain document', CONFIG],
    ['one with escapes of every kind', ODD],
  ])('equals what the agent reports, for %s', async (_, config) => {
    const { json, configHash: predicted } = agentConfig(aProfile(config));
    const { agent, clock, server } = aWorld();
    server
      .on('config', { raw: { body: Buffer.from(json) } })
      .inTurn('read', { queries: { q: 'SELECT config_hash, config_valid FROM osquery_info' } }, {});
    agent.start();
    await clock.advance(SECOND);
    expect(server.bodiesTo('write')[0]).toMatchObject({
      queries: { q: [{ config_hash: predicted, config_valid: '1' }] },
    });
  });
});

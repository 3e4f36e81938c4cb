import { describe, expect, it } from '@jest/globals';
import { hostsOfRequest, namesOf, untilFollowedMs } from '../../../../lib/cli/request/hosts.ts';
import { aPolicyOf, aRule } from '../../../support/a-rule.ts';

const T0 = Date.parse('2025-03-01T12:00:00Z');
const nodes = ['web-1', 'web-2', 'db-1'].map((hostIdentifier) => ({
  hostIdentifier,
  hostname: hostIdentifier,
  lastSeenMs: T0,
  enrolledAtMs: T0,
}));

describe('the hosts of a request', () => {
  const policy = (target: Parameters<typeof aRule>[2], hostsPerTrigger = 10) =>
    aPolicyOf([aRule('ask', { request: 'it' }, target), aRule('other', { request: 'else' })], { hostsPerTrigger });
  const asked = (target: Parameters<typeof aRule>[2], detail = {}, hostsPerTrigger = 10) =>
    hostsOfRequest(
      policy(target, hostsPerTrigger),
      { name: 'it', event: { detail } },
      { nodes, enrolled: new Set(['web-1']), nowMs: T0 },
    );

  it('are all nodes that match hosts-where, up to the limit', () => {
    const web = { target: { 'hosts-where': { hostname: ['web-*'] } } };
    expect(asked(web)).toEqual([{ rule: 'ask', hosts: 2, isLimited: false }]);
    expect(asked(web, {}, 1)).toEqual([{ rule: 'ask', hosts: 1, isLimited: true }]);
  });

  it('are the named host', () => {
    const named = { target: { host: 'detail.host' } };
    expect(asked(named, { host: 'web-1' })).toEqual([{ rule: 'ask', hosts: 1, isLimited: false }]);
    expect(asked(named)).toMatchObject([{ hosts: 0, why: 'detail.host yields no host' }]);
  });

  it('include one that has not enrolled, with what happens then', () => {
    const [found] = asked({ target: { host: 'detail.host' } }, { host: 'web-9' });
    expect(found).toMatchObject({ hosts: 1, why: 'web-9 has not enrolled: its queries wait for 10m, in case it does' });
    expect(
      namesOf(policy({ target: { host: 'detail.host' } }), { name: 'it', event: { detail: { host: 'a' } } }),
    ).toEqual(['a']);
  });

  it('are none, with a reason', () => {
    const none = { target: { 'hosts-where': { hostname: ['cache-*'] } } };
    expect(asked(none)).toMatchObject([{ hosts: 0, why: 'no node matches hosts-where' }]);
  });
});

describe('a version of the policy', () => {
  it.each([
    [0, 32_000],
    [20_000, 12_000],
    [40_000, 0],
    [-60_000, 32_000],
  ])('that was pushed %d ms ago is in use everywhere in %d ms', (ageMs, waitMs) => {
    expect(untilFollowedMs({ pushedAtMs: T0 - ageMs }, T0)).toBe(waitMs);
  });
});

import { describe, expect, it } from '@jest/globals';
import { matchNode, type NodeFacts } from '../../../../lib/core/policy/match-node.ts';
import type { NodeMatch } from '../../../../lib/core/policy/policy.ts';

const NODE: NodeFacts = {
  hostIdentifier: 'i-0abc123def4567890',
  hostname: 'db-01-ro-us-east-1',
  platform: 'amzn',
  osqueryVersion: '5.23.1',
  vendor: 'Amazon EC2',
  secret: 'production',
  tags: { team: 'payments', env: 'prod' },
  profile: 'default',
  seenSecondsAgo: 60,
};

describe('a node matches', () => {
  it.each<[string, NodeMatch, boolean]>([
    ['no condition at all', {}, true],
    ['its hostname', { hostname: ['db-01-ro-us-east-1'] }, true],
    ["the talk's glob", { hostname: ['db-*-ro-*'] }, true],
    ['a glob that does not match', { hostname: ['db-*-rw-*'] }, false],
    ['a glob that matches only a part', { hostname: ['db-*-ro'] }, false],
    ['? for one character', { hostname: ['db-0?-ro-*'] }, true],
    ['an alternative', { hostname: ['web-*', 'db-*'] }, true],
    ['no alternative', { hostname: [] }, false],
    ['another case', { hostname: ['DB-*'] }, false],
    [
      'all conditions',
      {
        hostname: ['db-*'],
        platform: ['amzn'],
        osqueryVersion: ['5.*'],
        vendor: ['Amazon EC2'],
        secret: ['prod*'],
        hostIdentifier: ['i-*'],
      },
      true,
    ],
    ['all but one', { hostname: ['db-*'], platform: ['ubuntu'] }, false],
    ['a tag', { tags: { team: ['pay*'] } }, true],
    ['two tags', { tags: { team: ['payments'], env: ['prod'] } }, true],
    ['one tag of two', { tags: { team: ['payments'], env: ['dev'] } }, false],
    ['a tag it lacks', { tags: { owner: ['*'] } }, false],
    ['a tag named after a member of Object.prototype', { tags: { constructor: ['*'] } }, false],
    ['its profile', { profile: ['default'] }, true],
    ['seen so recently', { seenWithinSeconds: 60 }, true],
    ['not seen recently', { seenWithinSeconds: 59 }, false],
  ])('%s', (_, match, expected) => {
    expect(matchNode(match, NODE)).toBe(expected);
  });

  it.each<NodeMatch>([{ hostname: ['*'] }, { secret: ['*'] }, { tags: { team: ['*'] } }, { seenWithinSeconds: 1e9 }])(
    'no condition on unknown attributes: %j',
    (match) => {
      expect(matchNode(match, { hostIdentifier: 'x' })).toBe(false);
    },
  );
});

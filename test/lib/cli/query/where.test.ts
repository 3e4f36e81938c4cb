import { describe, expect, it } from '@jest/globals';
import { secondsOf, whereOf } from '../../../../lib/cli/query/where.ts';

describe('the conditions of --where', () => {
  it('name attributes and tags, with alternatives', () => {
    expect(whereOf('profile=db|web-*, tag:env=prod,tag:a=b=c,seen=10m,osquery=5.*')).toEqual({
      profile: ['db', 'web-*'],
      osqueryVersion: ['5.*'],
      tags: { env: ['prod'], a: ['b=c'] },
      seenWithinSeconds: 600,
    });
    expect(whereOf('host=i-1')).toEqual({ hostIdentifier: ['i-1'] });
  });

  it.each([
    '',
    'profile',
    'profile=',
    '=db',
    'profile=db|',
    'tag:=x',
    'profil=db',
    '__proto__=x',
    'seen=soon',
    'profile=a,profile=b',
  ])('are refused as a whole if one is not understood: %j', (text) => {
    expect(() => whereOf(text)).toThrow();
  });

  it('have durations of a number and a unit', () => {
    expect(['30s', '10m', '1h', '7d'].map(secondsOf)).toEqual([30, 600, 3600, 604_800]);
    for (const text of ['0s', '1', 'h', '1.5h', '-1h']) expect(() => secondsOf(text)).toThrow();
  });
});

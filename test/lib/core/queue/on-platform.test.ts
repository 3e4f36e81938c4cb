import { describe, expect, it } from '@jest/globals';
import { onPlatform, platformOf } from '../../../../lib/core/queue/on-platform.ts';
import { aHostQuery } from '../../../support/builders.ts';

describe('the platform of a host', () => {
  it.each([
    ['windows', 'windows'],
    ['darwin', 'darwin'],
    ['amzn', 'linux'],
    ['ubuntu', 'linux'],
    ['', undefined],
    [undefined, undefined],
  ])('reported as "%s" is %s', (said, platform) => {
    expect(platformOf(said)).toBe(platform);
  });
});

describe('a host', () => {
  const wanted = {
    queries: [
      aHostQuery(1, { query: 'packages', platforms: ['linux'] }),
      aHostQuery(2, { query: 'programs', platforms: ['windows'] }),
      aHostQuery(3, { query: 'processes' }),
    ],
    refusals: [],
  };
  const names = (of: ReturnType<typeof onPlatform>) => of.queries.map(({ query }) => query);

  it('is queried only about tables of its platform; other queries are dropped with a reason', () => {
    const asked = onPlatform(wanted, 'windows');
    expect(names(asked)).toEqual(['programs', 'processes']);
    expect(asked.refusals).toMatchObject([{ query: 'packages', problem: 'not-on-platform' }]);
  });

  it('gets every query while its platform is unknown', () => {
    expect(names(onPlatform(wanted, undefined))).toEqual(['packages', 'programs', 'processes']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { catchCurves } from '../../../workbench/simulated-day/catch-curves.ts';
import { catchPicture } from '../../../workbench/simulated-day/catch-picture.ts';

const life = (lifetimeMs: number, verdict: 'seen' | 'post-mortem') => ({
  lifetimeMs,
  verdict,
  hot: false,
  scheduledAfterMs: [],
});
const isSeen = ({ verdict }: { verdict: string }): boolean => verdict === 'seen';

describe('the curves of catch rates', () => {
  it('show the share of each range of lifetimes, and leave out ranges without lives', () => {
    const lives = [life(1100, 'seen'), life(1200, 'post-mortem'), life(3_000_000, 'seen')];
    const [curve] = catchCurves(lives, [{ name: 'live', saw: isSeen }]);
    expect(curve?.points.map(({ share }) => share)).toEqual([0.5, 1]);
    expect(curve?.points[0]?.lifetimeMs).toBeGreaterThan(1000);
    expect(curve?.points[0]?.lifetimeMs).toBeLessThan(1668); // the end of the first of 16 ranges
  });
});

describe('the picture of catch rates', () => {
  const point = (seconds: number, share: number) => ({ lifetimeMs: 1000 * seconds, share });
  const svg = catchPicture(
    [
      { name: 'schedule <60 s> & more', points: [point(1, 0), point(60, 0.5), point(3600, 1)] },
      { name: 'event', points: [point(1, 0.25), point(3600, 1)] },
    ],
    'a "caption"',
  );

  it('is well-formed: every element is closed, every attribute quoted, every text escaped', () => {
    const open: string[] = [];
    const tags = /<(\/?)([a-z]+)((?: [\w:-]+="[^"<>]*")*)(\/?)>/g;
    for (const [, closes, name = '', , empty] of svg.matchAll(tags)) {
      if (closes) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name);
    }
    expect(open).toEqual([]);
    const text = svg.replace(tags, '');
    expect(text).not.toMatch(/[<>]/);
    expect(text).not.toMatch(/&(?!(amp|lt|gt);)/);
  });

  it('has a light background, labelled axes and a legend', () => {
    expect(svg).toContain('fill="#ffffff"');
    for (const label of ['lifetime of the container', 'share of containers seen', '1 s', '1 h', '100 %']) {
      expect(svg).toContain(`>${label}`);
    }
    expect(svg).toContain('schedule &lt;60 s&gt; &amp; more</text>');
    expect(svg).toContain('event</text>');
  });

  it('has one second and 0 % at the lower left, one hour and 100 % at the upper right', () => {
    const [first = ''] = [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) => points ?? '');
    const places = first.split(' ').map((place) => place.split(',').map(Number));
    expect(places).toEqual([
      [72, 356],
      [404, 206],
      [736, 56],
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { dockerDuration } from '../../../../workbench/world/host/state/container.ts';

describe('a duration in Docker’s words', () => {
  it.each([
    [999, 'Less than a second'],
    [1000, '1 second'],
    [59_999, '59 seconds'],
    [60_000, 'About a minute'],
    [120_000, '2 minutes'],
    [3_599_999, '59 minutes'],
    [3_600_000, 'About an hour'],
    [3 * 3_600_000, '3 hours'],
    [47 * 3_600_000, '47 hours'],
    [50 * 3_600_000, '2 days'],
  ])('%i ms is %s', (ms, words) => {
    expect(dockerDuration(ms)).toBe(words);
  });
});

import { describe, expect, it } from '@jest/globals';
import { moved } from '../../../workbench/demo/moved-events.ts';
import { fixture } from '../../support/fixtures.ts';

const NOW = Date.parse('2027-03-01T12:00:00.700Z');

describe('events that are moved to now', () => {
  it('keep the differences between their times, in any format', () => {
    const events = [
      {
        time: '2026-11-20T10:00:00Z',
        detail: { createdAt: '2026-11-20T09:59:58.123456Z', at: ['2026-11-20T11:00:00+01:00'] },
      },
      { time: '2026-11-20T10:00:10Z', detail: { launch: '2026-11-20', version: 3, text: 'at 2026-11-20T10:00:00Z' } },
    ];
    expect(moved(events, NOW)).toEqual([
      {
        time: '2027-03-01T11:59:50Z',
        detail: { createdAt: '2027-03-01T11:59:48.123456Z', at: ['2027-03-01T12:59:50+01:00'] },
      },
      { time: '2027-03-01T12:00:00Z', detail: { launch: '2026-11-20', version: 3, text: 'at 2026-11-20T10:00:00Z' } },
    ]);
  });

  it('are unchanged except for their times', () => {
    const [task] = moved([fixture(5)], NOW);
    expect(task).toMatchObject({ time: '2027-03-01T12:00:00Z', detail: { createdAt: '2027-03-01T11:59:35.31Z' } });
    expect(Object.keys(task ?? {})).toEqual(Object.keys(fixture(5)));
  });

  it('stay as they are if none has a time', () => {
    expect(moved([{ detail: { createdAt: '2026-11-20T10:00:00Z' } }], NOW)).toEqual([
      { detail: { createdAt: '2026-11-20T10:00:00Z' } },
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Life } from '../../../lib/console/api.ts';
import { axisStepMs, figuresOf, NOTHING, selected, sliceInView, withUpdate } from '../../../lib/console/lives.ts';
import { scheduledLookMs, scheduleShare } from '../../../lib/console/schedule.ts';
import { duration, percent, shortDigest, shortId, visible } from '../../../lib/console/shown.ts';
import { MINUTE, SECOND, T0 } from '../../support/times.ts';

const aLife = (n: number, life: Partial<Life> = {}): Life => ({
  workload: `arn:aws:ecs:us-east-1:111122223333:task/prod/${n}`,
  family: 'api',
  firstAtMs: T0 + n * SECOND,
  startedAtMs: T0 + n * SECOND,
  verdict: 'seen',
  ...life,
});

const update = (next: number, ...lives: Life[]) => ({ next, nowMs: T0, hasMore: false, lives });

describe('the lives that the page has', () => {
  it('are sorted by their beginning, the latest first, whatever the order of updates', () => {
    const first = withUpdate(NOTHING, update(2, aLife(1), aLife(5)));
    const { sorted, next } = withUpdate(first, update(4, aLife(3), aLife(9)));
    expect(sorted.map(({ firstAtMs }) => (firstAtMs - T0) / SECOND)).toEqual([9, 5, 3, 1]);
    expect(next).toBe(4);
  });

  it('contain a changed life once, at the place of its new beginning', () => {
    const first = withUpdate(NOTHING, update(2, aLife(1), aLife(2)));
    const changed = aLife(2, { firstAtMs: T0, verdict: 'missed' });
    const { sorted, byWorkload } = withUpdate(first, update(3, aLife(2), changed));
    expect(sorted).toEqual([aLife(1), changed]);
    expect(byWorkload.size).toBe(2);
  });

  it('are the latest, and those that still run, once they are too many', () => {
    const ended = (n: number) => aLife(n, { endedAtMs: T0 + n * SECOND + 1 });
    const full = withUpdate(NOTHING, update(1, aLife(0), ended(1), ended(2), ended(3)), 4);
    expect([full.sorted.length, full.droppedMs]).toEqual([4, undefined]);
    const first = withUpdate(full, update(2, ended(4), ended(5)), 4);
    expect(first.sorted).toEqual([ended(5), ended(4), ended(3), aLife(0)]);
    expect([...first.byWorkload.keys()].sort()).toEqual([0, 3, 4, 5].map((n) => aLife(n).workload));
    expect(first.droppedMs).toBe(T0 + 2 * SECOND);
    const again = withUpdate(first, update(3, aLife(1, { verdict: 'missed', endedAtMs: T0 + 2 * SECOND })), 4);
    expect([again.sorted, again.droppedMs]).toEqual([first.sorted, first.droppedMs]); // dropped before: it stays away
    const running = withUpdate(again, update(4, ...[6, 7, 8, 9].map((n) => aLife(n))), 4);
    expect(running.sorted).toEqual([9, 8, 7, 6].map((n) => aLife(n)));
  });

  it('are selected by words, by verdict and by when they ended', () => {
    const ended = aLife(1, { endedAtMs: T0 + 2 * SECOND });
    const missed = aLife(2, { verdict: 'missed', reason: 'no-row', host: 'i-0Abc' });
    const running = aLife(3);
    const all = { text: '', verdicts: new Set<Life['verdict']>(), fromMs: 0 };
    const lives = [running, missed, ended];
    expect(selected(lives, { ...all, fromMs: T0 + 3 * SECOND })).toEqual([running, missed]);
    expect(selected(lives, { ...all, text: ' API i-0abc no-row ' })).toEqual([missed]);
    expect(selected(lives, { ...all, verdicts: new Set(['missed']) })).toEqual([missed]);
  });

  it('are drawn only where they are in view', () => {
    expect(sliceInView(0, 260, 26, 10_000)).toEqual({ from: 0, to: 14 });
    expect(sliceInView(26_000, 260, 26, 10_000)).toEqual({ from: 996, to: 1014 });
    expect(sliceInView(260_000, 260, 26, 10)).toEqual({ from: 6, to: 10 });
  });

  it('have figures, without those that cannot be judged', () => {
    const lives = [
      aLife(1, { answeredAtMs: T0 + 3 * SECOND }),
      aLife(2, { verdict: 'missed', endedAtMs: T0 + 4 * SECOND }),
      aLife(3, { verdict: 'pending', startedAtMs: undefined }),
    ];
    expect(figuresOf(lives)).toMatchObject({ share: 0.5, running: 1, p50: 2 * SECOND, p95: 2 * SECOND });
    expect(figuresOf([])).toMatchObject({ share: null, p50: undefined });
  });

  it('have an axis with steps that people read', () => {
    expect([2, 10, 60, 1440].map((minutes) => axisStepMs(minutes * MINUTE, 6) / SECOND)).toEqual([
      30, 120, 600, 21_600,
    ]);
  });
});

describe('a query every 60 s', () => {
  it('sees a life at the first full minute in it', () => {
    const at = (startedAtMs: number, endedAtMs?: number) =>
      scheduledLookMs(aLife(0, { startedAtMs, endedAtMs }), T0 + 61 * SECOND);
    expect(at(T0 + SECOND, T0 + 59 * SECOND)).toBeUndefined();
    expect(at(T0 + SECOND, T0 + MINUTE)).toBe(T0 + MINUTE);
    expect(at(T0 + SECOND)).toBe(T0 + MINUTE);
    expect(at(T0 + 61 * SECOND)).toBeUndefined();
    expect(scheduledLookMs(aLife(0, { startedAtMs: undefined }), T0 + MINUTE)).toBeUndefined();
  });

  it('is judged by lives that it saw or that ended unseen', () => {
    const seen = aLife(1);
    const gone = aLife(2, { endedAtMs: T0 + 9 * SECOND });
    const young = aLife(65);
    expect(scheduleShare([seen, gone, young], T0 + 70 * SECOND)).toBe(0.5);
    expect(scheduleShare([young], T0 + 70 * SECOND)).toBeNull();
  });
});

describe('a digest on the page', () => {
  it('is cut to twelve digits, and other texts are not', () => {
    const digits = '3c9f2c374bd809fd'.repeat(4);
    expect(shortDigest(digits)).toBe('3c9f2c374bd8');
    expect(shortDigest(`sha256:${digits}`)).toBe('sha256:3c9f2c374bd8');
    expect(shortDigest(`${digits}0`)).toBe(`${digits}0`);
  });
});

describe('text on the page', () => {
  it('shows characters that control, turn or hide text as escapes', () => {
    expect(visible('a\u202egnp.exe\u0007\u200b')).toBe('a\\u{202e}gnp.exe\\u{0007}\\u{200b}');
    expect(visible('Ünïcode 日本 <b>&amp;')).toBe('Ünïcode 日本 <b>&amp;');
  });

  it('is short for ids, durations and shares', () => {
    expect(shortId(`arn:aws:ecs:us-east-1:111122223333:task/prod/${'ab12'.repeat(8)}`)).toBe('ab12ab12');
    expect([400, 12_300, 180_000, 3 * 3_600_000].map(duration)).toEqual(['0.4 s', '12 s', '3 min', '3.0 h']);
    expect([1, 0.9996, null].map(percent)).toEqual(['100 %', '99.9 %', '–']);
  });
});

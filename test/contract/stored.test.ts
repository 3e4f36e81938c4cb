import { expect, it } from '@jest/globals';
import { CLOSED_AFTER_MS } from '../../lib/core/fleet/fleet-issue.ts';
import { FAN_OUT_KEPT_MS } from '../../lib/core/queue/fan-out.ts';
import { STORED_LOGS_KEPT_MS } from '../../lib/core/results/stored-logs.ts';
import { aVersion } from '../support/a-policy.ts';
import { MINUTE, SECOND, T0 } from '../support/times.ts';
import { contract } from './editions.ts';

contract('the record of stored answers', (begin) => {
  const untilMs = T0 + 20 * SECOND;

  it('gives a page to one of several concurrent callers', async () => {
    const { storedAnswers } = await begin();
    const states = await Promise.all([1, 2, 3, 4].map(() => storedAnswers.claim('h1', 'p1', T0, untilMs)));
    expect(states.filter((state) => state === 'busy')).toHaveLength(3);
    expect(states.filter((state) => state !== 'busy')).toEqual([new Set()]);
  });

  it('keeps pages apart by host and name', async () => {
    const { storedAnswers } = await begin();
    for (const [host, page] of [['h1', 'p1'] as const, ['h2', 'p1'] as const, ['h1', 'p2'] as const])
      expect(await storedAnswers.claim(host, page, T0, untilMs)).toEqual(new Set());
  });

  it('frees the page of a crashed request when its claim expires', async () => {
    const { storedAnswers } = await begin();
    await storedAnswers.claim('h1', 'p1', T0, untilMs);
    expect(await storedAnswers.claim('h1', 'p1', untilMs - 1, untilMs + MINUTE)).toBe('busy');
    expect(await storedAnswers.claim('h1', 'p1', untilMs, untilMs + MINUTE)).toEqual(new Set());
  });

  it('returns a page with its marks when it is freed', async () => {
    const { storedAnswers } = await begin();
    await storedAnswers.claim('h1', 'p1', T0, untilMs);
    await storedAnswers.markStored('h1', 'p1', { marks: ['a', 'b'], nowMs: T0, replaces: false });
    expect(await storedAnswers.claim('h1', 'p1', T0, untilMs)).toEqual(new Set(['a', 'b']));
    await storedAnswers.release('h1', 'p1');
    expect(await storedAnswers.claim('h1', 'p1', T0, untilMs)).toEqual(new Set(['a', 'b']));
    await storedAnswers.markStored('h1', 'p1', { marks: ['c'], nowMs: T0, replaces: false });
    expect(await storedAnswers.claim('h1', 'p1', T0 + MINUTE, T0 + 2 * MINUTE)).toEqual(new Set(['a', 'b', 'c']));
  });

  it('reads the marks of many pages, even while requests hold them', async () => {
    const { storedAnswers } = await begin();
    const pages = Array.from({ length: 120 }, (_, n) => `p${n}`);
    await storedAnswers.markStored('h1', 'p1', { marks: ['a', 'b'], nowMs: T0, replaces: false });
    await storedAnswers.markStored('h1', 'p119', { marks: ['c'], nowMs: T0, replaces: false });
    await storedAnswers.markStored('h2', 'p2', { marks: ['d'], nowMs: T0, replaces: false });
    await storedAnswers.claim('h1', 'p119', T0, untilMs);
    await storedAnswers.claim('h1', 'p3', T0, untilMs);
    const marked = [...(await storedAnswers.read('h1', pages))].filter(([, marks]) => marks.size > 0);
    expect(new Map(marked)).toEqual(
      new Map([
        ['p1', new Set(['a', 'b'])],
        ['p119', new Set(['c'])],
      ]),
    );
    expect(await storedAnswers.claim('h1', 'p119', T0, untilMs)).toBe('busy');
  });

  it('clears a page when it is full', async () => {
    const { storedAnswers } = await begin();
    await storedAnswers.markStored('h1', 'p1', { marks: ['a'], nowMs: T0, replaces: false });
    await storedAnswers.markStored('h1', 'p1', { marks: ['b'], nowMs: T0, replaces: true });
    expect(await storedAnswers.claim('h1', 'p1', T0, untilMs)).toEqual(new Set(['b']));
  });
});

contract('the record of log batches', (begin) => {
  it('keeps the latest batch of each host and type for a day', async () => {
    const { storedLogs } = await begin();
    expect(await storedLogs.stored('h1', 'result', T0)).toEqual([]);
    await storedLogs.replace('h1', 'result', ['aaaaaaaa', 'bbbbbbbb'], T0);
    await storedLogs.replace('h1', '', ['cccccccc'], T0);
    await storedLogs.replace('h2', 'result', ['dddddddd'], T0);
    expect(await storedLogs.stored('h1', 'result', T0 + STORED_LOGS_KEPT_MS - SECOND)).toEqual([
      'aaaaaaaa',
      'bbbbbbbb',
    ]);
    expect(await storedLogs.stored('h1', '', T0)).toEqual(['cccccccc']);
    expect(await storedLogs.stored('h1', 'result', T0 + STORED_LOGS_KEPT_MS)).toEqual([]);
    await storedLogs.replace('h1', 'result', ['eeeeeeee'], T0 + MINUTE);
    expect(await storedLogs.stored('h1', 'result', T0 + MINUTE)).toEqual(['eeeeeeee']);
  });

  it('stores the largest possible batch', async () => {
    const { storedLogs } = await begin();
    const marks = Array.from({ length: 40_000 }, (_, n) => `${n}`.padStart(8, '0'));
    await storedLogs.replace('h1', 'result', marks, T0);
    expect(await storedLogs.stored('h1', 'result', T0)).toEqual(marks);
  });
});

contract('the progress of a fan-out', (begin) => {
  it('resumes where it stopped, for a day', async () => {
    const { fanOuts } = await begin();
    expect(await fanOuts.resume('one', T0)).toEqual({ hosts: 0, done: false });
    await fanOuts.save('one', { hosts: 5, cursor: 'c', done: false }, T0);
    expect(await fanOuts.resume('one', T0 + FAN_OUT_KEPT_MS - SECOND)).toEqual({ hosts: 5, cursor: 'c', done: false });
    expect(await fanOuts.resume('one', T0 + FAN_OUT_KEPT_MS)).toEqual({ hosts: 0, done: false });
    expect(await fanOuts.resume('two', T0)).toEqual({ hosts: 0, done: false });
  });

  it('is not replaced by one with a shorter lifetime', async () => {
    const { fanOuts } = await begin();
    await fanOuts.save('one', { hosts: 1, done: true }, T0, 90 * FAN_OUT_KEPT_MS);
    await fanOuts.save('one', { hosts: 0, done: false }, T0 + MINUTE);
    expect(await fanOuts.resume('one', T0 + MINUTE)).toEqual({ hosts: 1, done: true });
  });
});

contract('a fleet issue', (begin) => {
  it('is open from its first confirmation until confirmations stop', async () => {
    const { fleetIssues } = await begin();
    const closesMs = CLOSED_AFTER_MS['no-agent'];
    expect(await fleetIssues.record('no-agent', 'i-1', 'one', T0)).toBe(true);
    expect(await fleetIssues.record('no-agent', 'i-1', 'two', T0 + MINUTE)).toBe(false);
    expect(await fleetIssues.record('agent-silent', 'i-1', 'silent', T0 + MINUTE)).toBe(true);
    expect(await fleetIssues.open(T0 + MINUTE)).toEqual([
      { kind: 'agent-silent', host: 'i-1', detail: 'silent', firstAtMs: T0 + MINUTE, lastAtMs: T0 + MINUTE },
      { kind: 'no-agent', host: 'i-1', detail: 'two', firstAtMs: T0, lastAtMs: T0 + MINUTE },
    ]);
    expect(await fleetIssues.open(T0 + MINUTE + closesMs - 1)).toHaveLength(2);
    expect(await fleetIssues.open(T0 + MINUTE + closesMs)).toEqual([]);
    expect(await fleetIssues.record('no-agent', 'i-1', 'again', T0 + MINUTE + closesMs)).toBe(true);
    expect(await fleetIssues.open(T0 + MINUTE + closesMs)).toMatchObject([{ firstAtMs: T0 + MINUTE + closesMs }]);
  });
});

contract('the progress of sweeps', (begin) => {
  it('is given to one sweep at a time, and resumes where the last one ended', async () => {
    const { progress } = await begin();
    expect(await progress.begin(T0, T0 + MINUTE)).toEqual({});
    expect(await progress.begin(T0 + SECOND, T0 + 2 * MINUTE)).toBeUndefined();
    await progress.end(T0 + MINUTE, { beganMs: T0 });
    expect(await progress.begin(T0 + SECOND, T0 + 2 * MINUTE)).toEqual({ beganMs: T0 });
  });

  it('is not ended by a sweep whose lock another one has taken', async () => {
    const { progress } = await begin();
    await progress.begin(T0, T0 + MINUTE);
    expect(await progress.begin(T0 + MINUTE, T0 + 2 * MINUTE)).toEqual({});
    await progress.end(T0 + MINUTE, { beganMs: 1 });
    expect(await progress.begin(T0 + MINUTE, T0 + 2 * MINUTE)).toBeUndefined();
    await progress.end(T0 + 2 * MINUTE, { beganMs: 2 });
    expect(await progress.begin(T0 + MINUTE, T0 + 2 * MINUTE)).toEqual({ beganMs: 2 });
  });
});

contract('the store of policies', (begin) => {
  it('makes the next version live, and keeps the previous ones', async () => {
    const { policies } = await begin();
    expect([await policies.liveNumber(), await policies.current(), await policies.history(5)]).toEqual([
      0,
      undefined,
      [],
    ]);
    expect(await policies.push(aVersion(1), 0)).toBe(true);
    expect(await policies.push(aVersion(1, { message: 'late' }), 0)).toBe(false);
    expect(await policies.push(aVersion(3), 2)).toBe(false);
    expect(await policies.push(aVersion(2), 1)).toBe(true);
    await expect(policies.push(aVersion(2), 2)).rejects.toThrow('cannot follow');
    expect(await policies.liveNumber()).toBe(2);
    expect(await policies.current()).toEqual(aVersion(2));
    expect(await policies.version(1)).toEqual(aVersion(1));
    expect(await policies.version(3)).toBeUndefined();
    expect((await policies.history(1)).map(({ message }) => message)).toEqual(['change 2']);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseEvent } from '../../../../lib/core/triggers/parse.ts';
import { fixture, fixtureNumbers } from '../../../support/fixtures.ts';
import { type Path, pathsOf, replaced } from '../../../support/json-path.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const GROUP = 'ephemeral-spot-arm64';
const TOKEN = 'f55568da-68d3-fbe1-029c-20c9a0d4dee7';
const atMs = (number: number): number => Date.parse(fixture(number).time);

describe('an event about an instance', () => {
  it('is a Spot interruption (20), read from its detail, because its resources contain no valid ARN', () => {
    expect(parseEvent(fixture(20))).toEqual({
      kind: 'notice',
      event: {
        ...{ id: fixture(20).id, kind: 'interruption', instanceId: INSTANCE },
        ...{ notice: `interruption ${atMs(20)}`, occurredAtMs: atMs(20), raw: fixture(20) },
      },
    });
  });

  it('is a rebalance recommendation (21)', () => {
    expect(parseEvent(fixture(21))).toMatchObject({
      kind: 'notice',
      event: { kind: 'rebalance', instanceId: INSTANCE, notice: `rebalance ${atMs(21)}` },
    });
  });

  it('is a launch by its group (22)', () => {
    expect(parseEvent(fixture(22))).toMatchObject({
      kind: 'launch',
      event: { instanceId: INSTANCE, identity: { auto_scaling_group: GROUP, availability_zone: 'us-east-1b' } },
    });
  });

  it('is a launch hook (23), which only rules handle', () => {
    expect(parseEvent(fixture(23))).toMatchObject({ kind: 'other', event: { id: fixture(23).id } });
  });

  it('is a terminate hook (24), with the names of its action', () => {
    expect(parseEvent(fixture(24))).toEqual({
      kind: 'notice',
      event: {
        ...{ id: fixture(24).id, kind: 'hook', instanceId: INSTANCE, notice: `hook ${TOKEN}` },
        ...{ occurredAtMs: atMs(24), raw: fixture(24) },
        action: { group: GROUP, hook: 'osquery-last-look-hook', instanceId: INSTANCE, token: TOKEN },
      },
    });
  });

  it('is a move into a warm pool, which is not an end, or an end from one', () => {
    const moved = fixture(24, { Origin: 'AutoScalingGroup', Destination: 'WarmPool' });
    expect(parseEvent(moved)).toEqual({ kind: 'ignored', eventId: moved.id, why: 'a move into a warm pool' });
    expect(parseEvent(fixture(24, { Origin: 'WarmPool', Destination: 'EC2' }))).toMatchObject({ kind: 'notice' });
  });

  it.each(['shutting-down', 'terminated'])('is an end: %s', (state) => {
    expect(parseEvent(fixture(19, { state }), 'sweep')).toEqual({
      kind: 'end',
      event: {
        ...{ id: fixture(19).id, instanceId: INSTANCE, state, occurredAtMs: atMs(19), detectedBy: 'sweep' },
        raw: fixture(19, { state }),
      },
    });
  });

  it('identifies actions without a token by group, hook and time', () => {
    const notices = [
      fixture(24, { LifecycleActionToken: '' }),
      fixture(24, { LifecycleActionToken: undefined, LifecycleHookName: 'mayfly-2' }),
      { ...fixture(24, { LifecycleActionToken: '' }), time: '2026-11-20T11:40:03Z' },
    ].map((event) => {
      const parsed = parseEvent(event);
      return parsed.kind === 'notice' ? parsed.event.notice : parsed.kind;
    });
    expect(new Set(notices).size).toBe(3);
    expect(notices[0]).toBe(`hook ${GROUP} osquery-last-look-hook ${atMs(24)}`);
  });
});

it('names the subject of a malformed event', () => {
  const { taskArn } = fixture(5).detail;
  const why = (detail: Record<string, unknown>) => parseEvent({ ...fixture(5, detail), resources: [] });
  expect(why({ version: 'five' })).toMatchObject({
    kind: 'malformed',
    why: expect.stringContaining(`(of ${taskArn})`),
  });
  expect(why({ taskArn: 7 })).toEqual({ kind: 'malformed', why: 'detail.taskArn: names no task' });
});

it('a container instance without an instance id is not an error', () => {
  const file = join(import.meta.dirname, '../../../fixtures/cases/event-container-instance-without-id.json');
  const event = JSON.parse(readFileSync(file, 'utf8')) as object;
  expect(parseEvent(event)).toMatchObject({ kind: 'container-instance', instance: undefined });
});

describe('the time of an event', () => {
  const NOON = Date.parse('2026-11-20T12:00:00Z');
  const RECEIVED = NOON + 60_000;
  const at = (time: unknown): unknown => {
    const parsed = parseEvent({ ...fixture(5), time }, 'event', RECEIVED);
    return parsed.kind === 'task' ? parsed.event.occurredAtMs : parsed;
  };

  it.each<[unknown, number]>([
    ['2026-11-20T12:00:00Z', NOON],
    ['2026-11-20T13:30:00.123456789+01:30', NOON + 123],
    ['2026-11-20T12:00Z', NOON],
    ['2026-11-20T08:30:00-0330', NOON],
    ['2026-11-20 12:00:00', NOON],
    ['2026-11-20', NOON - 12 * 3_600_000],
    ['Fri, 20 Nov 2026 12:00:00 GMT', NOON],
    [NOON / 1000, NOON],
    [NOON, NOON],
    [String(NOON / 1000), NOON],
  ])('may be written %j', (time, atMs) => {
    expect(at(time)).toBe(atMs);
  });

  it.each([
    ...['yesterday 3', 'x 7', '12', '2026', '2026-13-45T99:00:00Z', '1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ...[0, 5, -1, 1e20, Number.NaN, true, {}, ['2026-11-20T12:00:00Z']],
  ])('is when it was received if it has no readable one: %j', (time) => {
    expect(at(time)).toBe(RECEIVED);
  });
});

describe('any two members of any event that are absent, null or empty', () => {
  const NOW = atMs(5);
  const lacks: readonly unknown[] = [undefined, null, '', [], {}];
  /** Another value in an event. What is undefined is absent in JSON. */
  const changed = (event: unknown, path: Path, by: unknown): unknown => {
    const other = replaced(event, path, by);
    return by === undefined ? JSON.parse(JSON.stringify(other)) : other;
  };
  /** Whether an event is parsed, or ignored with a reason. @throws what parsing throws */
  const isRead = (event: unknown): boolean => {
    const parsed = parseEvent(event, 'event', NOW);
    return Boolean('why' in parsed ? parsed.why : parsed.event.occurredAtMs);
  };

  it.each(fixtureNumbers)('leave fixture %i handled, or ignored with a reason', (number) => {
    const event = fixture(number);
    const paths = pathsOf(event);
    const unread = paths.flatMap((path, index) =>
      lacks.flatMap((lack, turn) => {
        const once = changed(event, path, lack);
        const other = paths[(index * 7 + turn * 13 + number) % paths.length] ?? [];
        const twice = changed(once, other, lacks[(index + turn) % lacks.length]);
        return [once, twice].filter((altered) => !isRead(altered)).map(() => ({ path, lack, other }));
      }),
    );
    expect(unread).toEqual([]);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { rateMs, Schedule, type ScheduleConfig } from '../../../../workbench/local-aws/events/schedule.ts';
import type { Invocation } from '../../../../workbench/local-aws/functions/invocation.ts';
import { VirtualClock } from '../support.ts';

const MINUTE = 60_000;
const DONE: Invocation = { ok: true, payload: 'null' };

const open: Schedule[] = [];
afterEach(() => Promise.all(open.splice(0).map((schedule) => schedule.close())));

/** A rule of one minute, with a function that gives the given answers; `runs` lists what it was invoked with. */
function aSchedule(answer: () => Promise<Invocation> = async () => DONE, given: Partial<ScheduleConfig> = {}) {
  const clock = new VirtualClock();
  const runs: string[] = [];
  const fn = {
    invoke: (event: string) => {
      runs.push(event);
      return answer();
    },
  };
  const ruleArn = 'arn:aws:events:eu-west-1:111122223333:rule/sweep';
  const place = { account: '111122223333', region: 'eu-west-1' };
  const schedule = new Schedule({ ruleArn, ...place, everyMs: MINUTE, targets: [{ fn }], ...given }, clock);
  open.push(schedule);
  /** Advances the clock and runs everything that is due. */
  const pass = async (ms: number) => {
    clock.advance(ms);
    await new Promise(setImmediate);
  };
  return { clock, fn, runs, schedule, pass };
}

/** A promise and its `resolve`. */
function held<T>() {
  let release: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}

describe('a scheduled rule', () => {
  it('fires one interval after the start, and then at every interval', async () => {
    const { runs, pass } = aSchedule();
    await pass(MINUTE - 1);
    expect(runs).toHaveLength(0);
    await pass(1);
    expect(runs).toHaveLength(1);
    await pass(MINUTE - 1);
    expect(runs).toHaveLength(1);
    await pass(1);
    expect(runs).toHaveLength(2);
  });

  it("passes EventBridge's event to its function, a new one each time", async () => {
    const { runs, pass } = aSchedule();
    await pass(MINUTE);
    await pass(MINUTE + 999);
    const events = runs.map((event) => JSON.parse(event));
    const event = {
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '111122223333',
      time: '2026-11-22T12:01:00Z',
      region: 'eu-west-1',
      resources: ['arn:aws:events:eu-west-1:111122223333:rule/sweep'],
      detail: {},
    };
    expect(events).toEqual([event, { ...event, time: '2026-11-22T12:02:00Z' }]);
    expect(events[1].id).not.toBe(events[0].id);
  });

  it('gives each target the same event, or the input that the target has', async () => {
    const { fn, pass, runs } = aSchedule(undefined, { targets: [] });
    await pass(MINUTE);
    expect(runs).toEqual([]);
    const targets = [{ fn }, { fn, input: '{"full":true}' }, { fn }];
    const { pass: passOther } = aSchedule(undefined, { targets });
    await passOther(MINUTE);
    expect(runs).toHaveLength(3);
    expect(runs[1]).toBe('{"full":true}');
    expect(runs[2]).toBe(runs[0]);
  });

  it('does not wait for the previous run', async () => {
    const { promise, release } = held<Invocation>();
    const { runs, pass } = aSchedule(() => promise);
    for (let n = 0; n < 3; n++) await pass(MINUTE);
    expect(runs).toHaveLength(3);
    release(DONE);
  });

  it('fires at its next regular time after a failed run', async () => {
    const { runs, pass } = aSchedule(async () => ({ ok: false, errorType: 'Error', message: 'no' }), {
      everyMs: 5 * MINUTE,
    });
    await pass(5 * MINUTE);
    for (let n = 0; n < 4; n++) await pass(MINUTE);
    expect(runs).toHaveLength(1);
    await pass(MINUTE);
    expect(runs).toHaveLength(2);
  });

  it('fires once after the computer has slept, and keeps its schedule', async () => {
    const { runs, pass } = aSchedule();
    await pass(10.5 * MINUTE);
    expect(runs).toHaveLength(1);
    await pass(0.5 * MINUTE - 1);
    expect(runs).toHaveLength(1);
    await pass(1);
    expect(runs).toHaveLength(2);
  });

  it('waits in steps that a timer supports', async () => {
    const everyMs = 60 * 86_400_000;
    const clock = new VirtualClock();
    const sleeps: number[] = [];
    clock.sleep = async (ms) => {
      sleeps.push(ms);
      clock.advance(ms);
    };
    await new Promise<void>((resolve) => {
      const invoke = async () => {
        schedule.close().then(resolve);
        return DONE;
      };
      const place = { ruleArn: 'arn:rule', account: '111122223333', region: 'eu-west-1' };
      const schedule = new Schedule({ ...place, everyMs, targets: [{ fn: { invoke } }] }, clock);
    });
    expect(Math.max(...sleeps)).toBeLessThan(2 ** 31);
    expect(sleeps.reduce((sum, ms) => sum + ms)).toBe(everyMs);
  });

  it('does not fire after it is closed, and closes when the runs in flight have ended', async () => {
    const { promise, release } = held<Invocation>();
    const { runs, pass, schedule } = aSchedule(() => promise);
    await pass(MINUTE);
    let closed = false;
    const closing = schedule.close().then(() => {
      closed = true;
    });
    await pass(10 * MINUTE);
    expect([runs.length, closed]).toEqual([1, false]);
    release(DONE);
    await closing;
    await pass(10 * MINUTE);
    expect(runs).toHaveLength(1);
  });

  it('does not fire if it is closed before its first time', async () => {
    const { runs, pass, schedule } = aSchedule();
    await schedule.close();
    await pass(MINUTE);
    expect(runs).toEqual([]);
  });
});

describe('a rate', () => {
  it.each<[string, number | undefined]>([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(12 hours)', 43_200_000],
    ['rate(1 day)', 86_400_000],
    ['rate(30 days)', 2_592_000_000],
    ['rate(1 minutes)', undefined],
    ['rate(2 minute)', undefined],
    ['rate(0 minutes)', undefined],
    ['rate(1.5 hours)', undefined],
    ['rate(30 seconds)', undefined],
    ['rate(5 minutes', undefined],
    ['every minute', undefined],
  ])('of %s is %s ms', (expression, ms) => {
    expect(rateMs(expression)).toBe(ms);
  });
});

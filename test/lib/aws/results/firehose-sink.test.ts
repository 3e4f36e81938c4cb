import { beforeEach, describe, expect, it } from '@jest/globals';
import { FirehoseSink } from '../../../../lib/aws/results/firehose-sink.ts';
import type { LogLine, ResultLine } from '../../../../lib/core/results/lines.ts';
import { FakeFirehose } from '../../../support/fake-firehose.ts';
import { T0 } from '../../../support/times.ts';

let firehose: FakeFirehose;
let sink: FirehoseSink;
let nowMs = 0;
/** The waits of the sink, ms. */
let pauses: number[] = [];
const sleep = async (ms: number): Promise<void> => {
  pauses.push(ms);
  nowMs += ms;
};
/** A function that ends at a given time. */
const until = (endsAtMs: number) => () => endsAtMs - nowMs;
beforeEach(() => {
  firehose = new FakeFirehose();
  nowMs = 0;
  pauses = [];
  const waiting = { sleep, random: () => 0.5, now: () => nowMs };
  sink = new FirehoseSink({ results: 'r', logs: 'l', quarantine: 'q' }, firehose.client, waiting);
});
/** Every later call refuses the first record. */
const throttle = (calls: number): void => {
  firehose.script.push(...Array.from({ length: calls }, () => ({ refuse: (index: number) => index === 0 })));
};

const aLog = (n: number, line: unknown = { n }): LogLine => ({
  id: `id-${n}`,
  kind: 'log',
  time: '2026-11-20T12:00:00.000Z',
  storedAtMs: T0,
  host: 'h1',
  hostname: 'web',
  logType: 'result',
  line,
});
const aResult = (n: number, result: Partial<ResultLine> = {}): ResultLine => ({
  id: `id-${n}`,
  kind: 'result',
  time: '2026-11-20T12:00:00.000Z',
  storedAtMs: T0,
  host: 'h1',
  hostname: 'web',
  rule: 'r',
  query: 'q',
  queryId: `q${n}`,
  set: 'live',
  status: 0,
  message: '',
  workload: null,
  columns: { n: String(n) },
  decorations: {},
  late: false,
  repeat: false,
  ...result,
});
const many = (count: number, size: number): LogLine[] =>
  Array.from({ length: count }, (_, n) => aLog(n, 'x'.repeat(size)));

describe('the Firehose sink', () => {
  it('writes each kind of line to its own stream, one document per line', async () => {
    await sink.results([aResult(1), aResult(2)]);
    await sink.logs([aLog(3)]);
    await sink.quarantine([
      {
        id: 'x',
        kind: 'quarantine',
        time: '2026-11-20T12:00:00.000Z',
        storedAtMs: T0,
        host: 'h1',
        endpoint: 'log',
        reason: 'why',
        bodyBase64: 'AA==',
      },
    ]);
    expect(firehose.lines('r')).toEqual([aResult(1), aResult(2)]);
    expect(firehose.lines('l')).toEqual([aLog(3)]);
    expect(firehose.lines('q')).toMatchObject([{ id: 'x' }]);
  });

  it('makes no call without lines', async () => {
    await sink.results([]);
    expect(firehose.calls).toBe(0);
  });

  it('retries only the refused records until all are stored', async () => {
    const lines = many(6, 400_000); // one record each
    firehose.script.push({ refuse: (index) => index === 1 || index === 4 }, { refuse: (index) => index === 0 });
    await sink.logs(lines);
    expect(firehose.calls).toBe(3);
    expect(
      firehose
        .lines<LogLine>('l')
        .map((line) => line.id)
        .toSorted(),
    ).toEqual(lines.map((line) => line.id));
  });

  it('backs off longer each time while records are refused, by a random share of at most two seconds', async () => {
    throttle(8);
    await sink.logs(many(3, 400_000), until(60_000));
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000, 1000]);
    expect(firehose.lines('l')).toHaveLength(3);
  });

  it.each([
    ['some seconds', undefined, 5_000],
    ['the time left', until(9_000), 8_000],
  ])('gives up after %s, so that the agent keeps its data and gets a reply', async (_, timeLeft, longestMs) => {
    throttle(50);
    await expect(sink.logs(many(3, 400_000), timeLeft)).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: 'l refused 1 of 3 records',
    });
    expect(nowMs).toBeLessThanOrEqual(longestMs);
    expect(nowMs).toBeGreaterThan(longestMs - 1_000);
  });

  it('tries once if hardly any time is left', async () => {
    throttle(1);
    await expect(sink.logs(many(3, 400_000), until(500))).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect([firehose.calls, pauses]).toEqual([1, []]);
  });

  it('fails if the call fails', async () => {
    firehose.script.push('unavailable', 'unavailable', 'unavailable', 'unavailable');
    await expect(sink.results([aResult(1)])).rejects.toThrow('Slow down.');
    expect(firehose.lines('r')).toEqual([]);
  });

  it('stays within 500 records and 4 MiB per call, and loses nothing at the boundary', async () => {
    const lines = [...many(1200, 260_000)].slice(0, 60); // 60 records of 260 KB: 15 MB
    await sink.logs(lines);
    expect(firehose.calls).toBeGreaterThanOrEqual(4);
    expect(firehose.lines('l')).toEqual(lines);
  });

  it('packs small lines into few records', async () => {
    await sink.logs(many(10_000, 100));
    expect(firehose.calls).toBe(1);
    expect(firehose.lines('l')).toHaveLength(10_000);
  });

  it.each<[string, Partial<ResultLine>]>([
    ['a column of a megabyte', { columns: { a: 'x'.repeat(2_000_000), b: 'kept' } }],
    [
      'ten thousand columns',
      { columns: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`column-${n}`, 'y'.repeat(500)])) },
    ],
    ['a message of control characters', { message: '\u0001'.repeat(300_000) }],
    [
      'columns of characters of many bytes',
      { columns: { a: '\u{1F41D}'.repeat(300_000), c: '\u0001'.repeat(500_000) } },
    ],
    ['an id from the network of a megabyte', { queryId: 'i'.repeat(1_500_000) }],
    [
      'all of these',
      {
        columns: { a: '\u0001'.repeat(1_000_000) },
        message: '\u0001'.repeat(1_000_000),
        queryId: '"'.repeat(1_000_000),
      },
    ],
  ])('truncates a line too large for a record, and marks it: %s', async (_, result) => {
    await sink.results([aResult(1), aResult(2, result), aResult(3)]);
    const lines = firehose.lines<ResultLine & { truncated?: boolean }>('r');
    expect(lines.map(({ id, truncated }) => [id, truncated ?? false])).toEqual([
      ['id-1', false],
      ['id-2', true],
      ['id-3', false],
    ]);
  });

  it.each<[string, Partial<LogLine>]>([
    ['a long line', { line: { name: 'x', columns: { a: 'z'.repeat(1_500_000) } } }],
    ['a long line of control characters', { line: '\u0001"\\'.repeat(500_000) }],
    ['a long type', { logType: '"'.repeat(1_000_000) }],
  ])('truncates log lines the same way: %s', async (_, log) => {
    await sink.logs([{ ...aLog(1), ...log }]);
    expect(firehose.lines('l')).toMatchObject([{ id: 'id-1', truncated: true }]);
  });

  it('truncates a quarantined body the same way', async () => {
    await sink.quarantine([
      {
        id: 'x',
        kind: 'quarantine',
        time: '2026-11-20T12:00:00.000Z',
        storedAtMs: T0,
        host: 'h',
        endpoint: 'log',
        reason: '',
        bodyBase64: 'A'.repeat(9_000_000),
      },
    ]);
    expect(firehose.lines('q')).toMatchObject([{ id: 'x', truncated: true }]);
  });
});

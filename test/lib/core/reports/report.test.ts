import { describe, expect, it } from '@jest/globals';
import { MayflyError, traceOf } from '../../../../lib/core/errors.ts';
import type { Report } from '../../../../lib/core/reports/report.ts';
import { tally } from '../../../../lib/core/reports/tally.ts';

/** Keeps what is reported. */
function aLog() {
  const lines: [event: string, fields: object][] = [];
  const report: Report = (event, fields) => void lines.push([event, fields]);
  return { lines, report };
}

describe('a report', () => {
  it('compiles only with an event of the catalogue and its fields', () => {
    const { lines, report } = aLog();
    report('policy_loaded', { version: 3, digest: 'abc' });
    // @ts-expect-error the catalogue has no such event
    report('policy_lost', { version: 3 });
    // @ts-expect-error a field is missing
    report('policy_loaded', { version: 3 });
    // @ts-expect-error a field has another type
    report('policy_loaded', { version: '3', digest: 'abc' });
    // @ts-expect-error the event has no such field
    report('policy_loaded', { version: 3, digest: 'abc', secret: 's' });
    // @ts-expect-error the text is none of the field's
    report('instance_named', { host: 'h', instance: 'i', outcome: 'lost' });
    // @ts-expect-error an error without its stack
    report('batch_unprepared', { error: String(new Error('why')) });
    expect(lines).toHaveLength(7);
  });
});

describe('the trace of an error', () => {
  it('has the stack, the code, and the stacks of its causes', () => {
    const cause = new Error('503 Service Unavailable');
    const trace = traceOf(new MayflyError('STORE_REFUSED', 'logs refused 3 of 9 records', { cause }));
    expect(trace).toMatch(/^STORE_REFUSED MayflyError: logs refused 3 of 9 records\n {4}at /);
    expect(trace).toMatch(/\ncaused by Error: 503 Service Unavailable\n {4}at /);
  });

  it('contains no other property of an error, because those may contain rows and keys', () => {
    const error = Object.assign(new Error('refused'), { Item: { node_key: 'mf1.secret' } });
    expect(traceOf(error)).not.toContain('mf1.secret');
  });

  it('is bounded, even for circular causes', () => {
    const error = new Error('x'.repeat(100_000));
    error.cause = error;
    expect(traceOf(error)).toHaveLength(8000);
    const short = new Error('short');
    short.cause = short;
    expect(traceOf(short).split('caused by')).toHaveLength(5);
  });

  it('is the text of a thrown value that is no error', () => {
    expect(traceOf('broken')).toBe('broken');
    expect(traceOf(undefined)).toBe('undefined');
  });
});

describe('a tally', () => {
  const dropped = { host: 'h', rule: 'r', query: 'q', limit: 'spacingSeconds' } as const;

  it('passes other events through at once, and gathered ones on flush, with the sum of their counts', () => {
    const { lines, report } = aLog();
    const gathering = tally(new Set(['query_dropped']), report);
    gathering.report('query_dropped', { ...dropped, count: 2 });
    gathering.report('query_dropped', { ...dropped, host: 'h2', count: 1 });
    gathering.report('sweep_skipped', {});
    gathering.report('query_dropped', { ...dropped, count: 3 });
    expect(lines).toEqual([['sweep_skipped', {}]]);
    gathering.flush();
    expect(lines.slice(1)).toEqual([
      ['query_dropped', { ...dropped, count: 5 }],
      ['query_dropped', { ...dropped, host: 'h2', count: 1 }],
    ]);
    gathering.flush();
    expect(lines).toHaveLength(3);
  });
});

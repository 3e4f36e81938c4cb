import { describe, expect, it } from '@jest/globals';
import { traceOf } from '../../../../lib/core/errors.ts';
import { printed } from '../../../support/embedded-metrics.ts';

const timed = {
  rule: 'ecs-task-running',
  cluster: 'prod',
  set: 'live',
  host: 'i-0abc',
  workload: 'arn:task',
  source: 'event',
  eventToReceivedMs: 900,
  receivedToQueuedMs: 100,
  queuedToDeliveredMs: 4000,
  deliveredToAnsweredMs: 300,
  answeredToStoredMs: 70,
  timeToAnswerMs: 5300,
} as const;
const shapeOf = ({ name, dimensions, value }: { name: string; dimensions: object; value: number }) => [
  name,
  dimensions,
  value,
];

describe('what a function reports', () => {
  it('is one JSON line, and no metric if it is in no table', () => {
    const { lines, metrics } = printed((report) =>
      report('node_enrolled', { host: 'h1', hostname: 'web-1', osquery: '5.23.1' }),
    );
    expect(lines).toEqual([expect.objectContaining({ level: 'INFO', message: 'node_enrolled', host: 'h1' })]);
    expect(metrics).toEqual([]);
  });

  it('has the level of its event', () => {
    const { lines } = printed((report) => {
      report('enroll_refused', { hostIdentifier: 'h1' }); // one line with its metric
      report('hook_nameless', { group: 'g', hook: 'h' });
      report('event_failed', { messageId: 'm', error: traceOf(new Error('no table')) });
    });
    expect(lines.flatMap(({ message, level }) => (message ? [[message, level]] : []))).toEqual([
      ['enroll_refused', 'WARN'],
      ['hook_nameless', 'WARN'],
      ['event_failed', 'ERROR'],
    ]);
    expect(lines[2]?.error).toMatch(/^Error: no table\n {4}at /);
  });

  it('is also counted if something was refused, dropped or failed', () => {
    const { lines, metrics } = printed((report) =>
      report('query_dropped', { host: 'h1', rule: 'r', query: 'q', limit: 'spacingSeconds', count: 3 }),
    );
    expect(lines.map(({ message }) => message)).toEqual(['query_dropped', undefined]);
    expect(metrics).toEqual([
      { namespace: 'Mayfly/Test', name: 'QueriesDropped', dimensions: {}, unit: 'Count', value: 3 },
    ]);
  });

  it('is a single line if it is a measurement: its metrics in every dimension set, with its other fields', () => {
    const { lines, metrics } = printed((report) => report('answer_timed', timed));
    expect(lines).toEqual([
      expect.objectContaining({ message: 'answer_timed', set: 'live', host: 'i-0abc', workload: 'arn:task' }),
    ]);
    expect(lines[0]).not.toHaveProperty('timeToAnswerMs');
    expect(metrics).toHaveLength(6 * 4);
    expect([...new Set(metrics.map(({ unit }) => unit))]).toEqual(['Milliseconds']);
    expect(metrics.filter(({ name }) => name === 'TimeToAnswer').map(shapeOf)).toEqual([
      ['TimeToAnswer', {}, 5300],
      ['TimeToAnswer', { Rule: 'ecs-task-running' }, 5300],
      ['TimeToAnswer', { Cluster: 'prod' }, 5300],
      ['TimeToAnswer', { Rule: 'ecs-task-running', Cluster: 'prod' }, 5300],
    ]);
    expect(metrics.slice(0, 6).map(({ name, value }) => [name, value])).toEqual([
      ['EventToReceived', 900],
      ['ReceivedToQueued', 100],
      ['QueuedToDelivered', 4000],
      ['DeliveredToAnswered', 300],
      ['AnsweredToStored', 70],
      ['TimeToAnswer', 5300],
    ]);
  });

  it('has no undocumented dimension, and no metric without a value', () => {
    const { metrics } = printed((report) =>
      report('answer_timed', { ...timed, cluster: null, queuedToDeliveredMs: null }),
    );
    expect(metrics).toHaveLength(5 * 2);
    expect(metrics.map(({ name }) => name)).not.toContain('QueuedToDelivered');
    expect(metrics.filter(({ dimensions }) => 'Cluster' in dimensions)).toEqual([]);
  });

  it('leaves out values below the least one that is worth its price, and keeps them in the line', () => {
    const { lines, metrics } = printed((report) => {
      report('fleet_counted', { running: 0, enrolled: 0, withoutAgent: 0, silent: 0 });
      report('fleet_counted', { running: 3, enrolled: 3, withoutAgent: 0, silent: 0 });
    });
    expect(metrics.map(shapeOf)).toEqual([['InstancesRunning', {}, 3]]);
    expect(lines).toMatchObject([
      { running: 0, silent: 0 },
      { InstancesRunning: 3, withoutAgent: '0' },
    ]);
  });

  it('never combines two events in one line', () => {
    const { lines, metrics } = printed((report) => {
      report('verdicts_recorded', { cluster: 'prod', verdict: 'missed', reason: 'expired', count: 3 });
      report('fleet_counted', { running: null, enrolled: null, withoutAgent: null, silent: null }); // nothing to measure: a plain line
      report('verdicts_recorded', { cluster: null, verdict: 'seen', reason: null, count: 40 });
    });
    expect(lines.map(({ message }) => message)).toEqual(['verdicts_recorded', 'fleet_counted', 'verdicts_recorded']);
    expect(metrics.map(shapeOf)).toEqual([
      ['Verdicts', { Verdict: 'missed' }, 3],
      ['Verdicts', { Reason: 'expired' }, 3],
      ['Verdicts', { Cluster: 'prod', Verdict: 'missed' }, 3],
      ['Verdicts', { Verdict: 'seen' }, 40],
    ]);
  });

  it('turns any text into a valid CloudWatch dimension', () => {
    const { metrics } = printed((report) =>
      report('answer_timed', { ...timed, rule: 'r', cluster: `grün\u0000\n${'x'.repeat(2000)}` }),
    );
    expect(metrics.at(-1)?.dimensions.Cluster).toMatch(/^gr\?n\?\?x{249}$/);
    expect(printed((report) => report('answer_timed', { ...timed, cluster: ' \t' })).metrics).toHaveLength(6 * 4);
    expect(printed((report) => report('answer_timed', { ...timed, cluster: '  ' })).metrics).toHaveLength(6 * 2);
  });
});

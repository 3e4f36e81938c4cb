import { beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoFleetIssues } from '../../../../lib/aws/fleet/fleet-issues.ts';
import type { FleetIssues } from '../../../../lib/core/fleet/fleet-issue.ts';
import { MemoryFleetIssues } from '../../../../lib/memory/fleet-issues.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const HOUR = 60 * MINUTE;

describe.each([
  ['DynamoDB', async (): Promise<FleetIssues> => new DynamoFleetIssues(await aTable())],
  ['memory', async (): Promise<FleetIssues> => new MemoryFleetIssues()],
])('fleetIssues in %s', (_, make) => {
  let fleetIssues: FleetIssues;
  beforeEach(async () => {
    fleetIssues = await make();
  });

  it('are new once, then confirmed: the detail is updated, the start is kept', async () => {
    expect(await fleetIssues.record('no-agent', 'i-1', 'first', T0)).toBe(true);
    expect(await fleetIssues.record('no-agent', 'i-1', 'second', T0 + 4 * MINUTE)).toBe(false);
    expect(await fleetIssues.open(T0 + 4 * MINUTE)).toEqual([
      { kind: 'no-agent', host: 'i-1', detail: 'second', firstAtMs: T0, lastAtMs: T0 + 4 * MINUTE },
    ]);
  });

  it.each([
    ['no-agent', 10 * MINUTE],
    ['agent-silent', 10 * MINUTE],
    ['cleanup-too-short', 24 * HOUR],
  ] as const)('of kind %s close after %i ms without confirmation, and are new after that', async (kind, ms) => {
    await fleetIssues.record(kind, 'i-1', '', T0);
    expect(await fleetIssues.open(T0 + ms - 1)).toHaveLength(1);
    expect(await fleetIssues.open(T0 + ms)).toEqual([]);
    expect(await fleetIssues.record(kind, 'i-1', '', T0 + ms)).toBe(true);
    expect(await fleetIssues.open(T0 + ms)).toMatchObject([{ firstAtMs: T0 + ms }]);
  });

  it('are one per kind and host in a stable order, for any host name', async () => {
    for (const host of ['i-2', 'a#b#c', 'i-1']) await fleetIssues.record('no-agent', host, '', T0);
    await fleetIssues.record('agent-silent', 'i-1', '', T0);
    expect((await fleetIssues.open(T0)).map(({ kind, host }) => `${kind} ${host}`)).toEqual([
      'agent-silent i-1',
      'no-agent a#b#c',
      'no-agent i-1',
      'no-agent i-2',
    ]);
  });

  it('are new for exactly one of several concurrent writers', async () => {
    const news = await Promise.all(Array.from({ length: 5 }, () => fleetIssues.record('no-agent', 'i-1', '', T0)));
    expect(news.filter(Boolean)).toHaveLength(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { JSON_OUTPUTS } from '../../../scripts/json-outputs/json-outputs.ts';
import type { TaskCard } from '../../../workbench/demo/scoreboard.ts';
import { summary, taskOf } from '../../../workbench/demo/summary.ts';
import { taskArn } from '../../support/builders.ts';
import { SECOND, T0 } from '../../support/times.ts';

const CARDS: readonly TaskCard[] = [
  {
    ...{ arn: taskArn(1), family: 'sleepy', host: 'i-1', startedAtMs: T0, endedAtMs: T0 + 10 * SECOND },
    ...{ verdict: 'seen', answeredAtMs: T0 + SECOND, fetchedAfterMs: 400, bySchedule: false },
  },
  {
    ...{ arn: taskArn(2), family: 'api', host: 'i-1', startedAtMs: undefined, endedAtMs: undefined },
    ...{ verdict: 'pending', answeredAtMs: undefined, fetchedAfterMs: undefined, bySchedule: false },
  },
];

describe('the lines of the demo with --json', () => {
  it('fit the published schema', () => {
    const lines = [...CARDS.map((card) => ({ task: taskOf(card) })), { summary: summary(CARDS, T0 + 20 * SECOND) }];
    for (const line of JSON.parse(JSON.stringify(lines))) {
      const { error } = z.safeParse(JSON_OUTPUTS.local.schema, line);
      expect(error && z.prettifyError(error)).toBeUndefined();
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { DynamoLedger } from '../../../../lib/aws/ledger/ledger.ts';
import { DynamoLedgerIndex } from '../../../../lib/aws/ledger/ledger-index.ts';
import { DynamoSettledSpans } from '../../../../lib/aws/ledger/settled-spans.ts';
import { DynamoReviewProgress } from '../../../../lib/aws/reconcile/progress.ts';
import { type CoverageEvent, review } from '../../../../lib/core/ledger/review.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { taskArn } from '../../../support/builders.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

describe('a review of the table', () => {
  it('finds workloads by their first event, returns each once, and remembers its progress', async () => {
    const table = await aTable();
    const ledger = new DynamoLedger(table);
    const progress = new DynamoReviewProgress(table);
    const put: CoverageEvent[] = [];
    const reports: string[] = [];
    let nowMs = T0;
    const deps = {
      ledger,
      ledgerIndex: new DynamoLedgerIndex(table),
      spans: new DynamoSettledSpans(table),
      progress,
      events: { put: async (events: readonly CoverageEvent[]) => void put.push(...events) },
      report: (event: string) => void reports.push(event),
      now: () => nowMs,
    };
    expect(await progress.read()).toMatchObject({});
    await review(deps, nowMs + MINUTE);
    for (let n = 0; n < 120; n += 1) await ledger.advance(aSnapshot(n, { receivedAtMs: T0 + n * 1000 }));
    await Promise.all(
      Array.from({ length: 120 }, (_, n) =>
        ledger.markHandled(taskArn(n), 1, { host: 'h1', enrolled: true, queryKeys: [], settleByMs: T0 + MINUTE }),
      ),
    );
    nowMs += 20 * MINUTE;
    await review(deps, nowMs + MINUTE);
    const started = Array.from({ length: 120 }, (_, n) => taskArn(n)).sort();
    expect(put.map(({ workload }) => workload).sort()).toEqual(started);
    expect(await progress.read()).toMatchObject({
      '15m': nowMs - 15 * MINUTE,
      '4h': nowMs - 240 * MINUTE,
      '25h': nowMs - 1500 * MINUTE,
    });
    await review(deps, nowMs + MINUTE);
    expect(put).toHaveLength(120);
    expect((await ledger.read([taskArn(7)]))[0]?.recordedVerdict).toEqual({
      verdict: 'missed',
      reason: 'agent-silent',
    });
  });
});

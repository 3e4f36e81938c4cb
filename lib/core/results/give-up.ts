import type { Campaigns } from '../campaigns/campaign.ts';
import { type DeliveredAnswer, keepAnswers } from '../campaigns/keep-answers.ts';
import { traceOf } from '../errors.ts';
import { grouped } from '../grouped.ts';
import type { Sightings } from '../ledger/ledger.ts';
import type { Node } from '../nodes/node.ts';
import type { Delivery } from '../queue/delivery.ts';
import type { GivenUp } from '../queue/drain.ts';
import type { Report } from '../reports/report.ts';
import type { ResultSink, TimeLeft } from './lines.ts';
import { linesOfGivenUp, messageOfGivenUp } from './result-lines.ts';

export interface GiveUpDeps {
  readonly sink: ResultSink;
  readonly ledger: Sightings;
  readonly campaigns: Pick<Campaigns, 'keepAnswer'>;
  readonly timeLeftMs: TimeLeft;
  readonly now: () => number; // epoch ms
  readonly report: Report;
}

/** How long a poll waits for a throttled store, ms. */
const PATIENCE_MS = 2_000;

/**
 * Records that queries end without an answer: a result line for each asker, the ledger, the log and a metric.
 *
 * @returns false if the lines could not be stored; the next poll tries again
 */
export async function giveUp(
  node: Node,
  delivery: Delivery,
  queries: readonly GivenUp[],
  { sink, ledger, campaigns, timeLeftMs, now, report }: GiveUpDeps,
): Promise<boolean> {
  const nowMs = now();
  const lines = queries.flatMap((given) => linesOfGivenUp(node, delivery, given, nowMs));
  try {
    await sink.results(lines, () => Math.min(PATIENCE_MS, timeLeftMs()));
    await keepAnswers(
      node,
      queries.map((given) => failureOf(delivery, given)),
      campaigns,
      nowMs,
    );
  } catch (error) {
    // Reported instead of thrown, so that the host's pending queries do not wait for the result store.
    report('giving_up_failed', { host: node.host, error: traceOf(error) });
    return false;
  }
  for (const { query, reason, times, alone } of queries) {
    const byWorkload = grouped(query.askers, (asker) => asker.workload);
    for (const [workload, askers] of byWorkload)
      await ledger.recordTrouble(workload, reason, query.evidence ? askers.map(({ queryId }) => queryId) : []);
    const { rule, query: name, set } = query;
    const { host } = node;
    if (reason === 'unanswered') report('query_unanswered', { host, rule, query: name, set, offers: times, alone });
    else report('agent_was_silent', { host, rule, query: name, set, offers: times, alone });
  }
  return true;
}

/** A query that was given up, as a campaign shows it. */
const failureOf = ({ id }: Delivery, given: GivenUp): DeliveredAnswer => ({
  query: given.query,
  run: `${id}-${given.position}-given-up`,
  status: 1,
  message: messageOfGivenUp(given),
  rows: [],
});

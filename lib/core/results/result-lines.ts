import type { Decorations } from '../decorations.ts';
import type { Node } from '../nodes/node.ts';
import type { DeliveredQuery, Delivery } from '../queue/delivery.ts';
import type { GivenUp } from '../queue/drain.ts';
import { latestOf } from '../queue/offers.ts';
import type { Asker } from '../queue/pending-query.ts';
import { cut } from '../text.ts';
import type { Row } from './answer.ts';
import { type Answered, offerOf } from './answered.ts';
import { lineId, type ResultLine } from './lines.ts';

/** The lines of an answer: one for each row and each of its askers, or one for each asker if there are no rows. */
export function linesOf(node: Node, answered: Answered, isRepeat: boolean, nowMs: number): ResultLine[] {
  const { answer, delivered, part } = answered;
  const { firstRow = 0 } = part ?? {};
  const query = delivered?.query;
  const common = {
    ...commonOf(node, query, nowMs),
    status: answer.status,
    message: answer.message,
    late: query === undefined,
    repeat: isRepeat,
    deliveredAtMs: delivered && offerOf(delivered.delivery, delivered.run)?.atMs,
  };
  // A failure, and rows that arrive later under the same id, are two lines.
  const run = answer.status === 0 ? answer.wireId : `${answer.wireId} failed`;
  const line = (index: number, columns: Row | null, asker: Asker | undefined): ResultLine => ({
    ...common,
    ...ofAsker(node, query, asker, columns),
    id: lineId(node.host, run, index, asker?.queryId ?? ''),
    queryId: asker?.queryId ?? cut(answer.wireId, 64),
    columns,
  });
  if (answer.rows.length === 0) {
    const askers: readonly (Asker | undefined)[] = query ? query.askers : [undefined];
    return askers.map((asker) => line(0, null, asker));
  }
  const askersOfRow = query ? askersOf(query) : () => [undefined];
  return answer.rows.flatMap((row, index) => askersOfRow(row).map((asker) => line(firstRow + index, row, asker)));
}

/** The lines about a query that was given up, one for each asker. */
export function linesOfGivenUp(node: Node, delivery: Delivery, given: GivenUp, nowMs: number): ResultLine[] {
  const { query, position, reason } = given;
  return query.askers.map((asker) => ({
    ...commonOf(node, query, nowMs),
    ...ofAsker(node, query, asker, null),
    id: lineId(node.host, delivery.id, position, 'given up', asker.queryId),
    queryId: asker.queryId,
    status: 1,
    message: messageOfGivenUp(given),
    columns: null,
    late: false,
    repeat: false,
    givenUp: reason,
    deliveredAtMs: latestOf(delivery).atMs,
  }));
}

/** Why a query ended without an answer. */
export const messageOfGivenUp = ({ reason, times, alone }: GivenUp): string =>
  `Mayfly: ${reason}: no answer came; offered ${times} times, ${alone} of them alone`;

const commonOf = (node: Node, query: DeliveredQuery | undefined, nowMs: number) => ({
  kind: 'result' as const,
  time: new Date(nowMs).toISOString(),
  storedAtMs: nowMs,
  host: node.host,
  hostname: node.identity.hostname,
  rule: query?.rule ?? '',
  query: query?.query ?? '',
  set: query?.set ?? '',
});

const ofAsker = (node: Node, query: DeliveredQuery | undefined, asker: Asker | undefined, row: Row | null) => ({
  workload: asker?.workload ?? null,
  decorations: { ...hostDecorations(node), ...decorationsOf(asker, row, query) },
  triggeredAtMs: asker?.triggeredAtMs,
  receivedAtMs: asker?.receivedAtMs,
  queuedAtMs: asker?.queuedAtMs,
});

/** Finds the askers that a row answers: those whose subject it names, or the only asker; none if several are possible. */
function askersOf(query: DeliveredQuery): (row: Row) => readonly (Asker | undefined)[] {
  const column = query.evidence?.column ?? (query.askers.some((a) => a.subjects.length > 0) ? 'id' : undefined);
  const bySubject = new Map<string, Asker[]>();
  for (const asker of query.askers) {
    for (const subject of new Set(asker.subjects)) bySubject.set(subject, [...(bySubject.get(subject) ?? []), asker]);
  }
  const unnamed = query.askers.length === 1 ? query.askers : [undefined];
  return (row) => {
    const subject = column !== undefined && Object.hasOwn(row, column) ? row[column] : undefined;
    return (subject === undefined ? undefined : bySubject.get(subject)) ?? unnamed;
  };
}

function hostDecorations(node: Node): Decorations {
  const { hostname, uuid, platform, osqueryVersion } = node.identity;
  return { host_identifier: node.host, hostname, host_uuid: uuid, platform, osquery_version: osqueryVersion };
}

function decorationsOf(asker: Asker | undefined, row: Row | null, query: DeliveredQuery | undefined): Decorations {
  if (!asker) return {};
  const column = query?.evidence?.column ?? 'id';
  const subject = row && Object.hasOwn(row, column) ? row[column] : undefined;
  const own =
    subject !== undefined && Object.hasOwn(asker.subjectDecorations, subject) ? asker.subjectDecorations[subject] : {};
  return { ...asker.decorations, ...own };
}

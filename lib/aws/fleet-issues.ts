import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { CLOSED_AFTER_MS, type FleetIssue, type FleetIssueKind, type FleetIssues } from '../core/fleet/fleet-issue.ts';
import { conditional, itemsOf, type Table, ttl } from './table.ts';

const PK = 'FINDINGS';

/** Findings: `FINDINGS` / `<kind>#<host>`. One that was not confirmed for long enough is closed, by the reader's clock. */
export class DynamoFleetIssues implements FleetIssues {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async record(kind: FleetIssueKind, host: string, detail: string, nowMs: number): Promise<boolean> {
    const closed = 'attribute_not_exists(lastAtMs) OR lastAtMs <= :closed';
    if (await this.#write(kind, host, detail, nowMs, `NOT (${closed})`, 'if_not_exists(firstAtMs, :now)')) return false;
    return this.#write(kind, host, detail, nowMs, closed, ':now');
  }

  async open(nowMs: number): Promise<readonly FleetIssue[]> {
    const all = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': PK } };
    const fleetIssues: FleetIssue[] = [];
    for await (const item of itemsOf(this.#table, all)) fleetIssues.push(findingOf(item));
    return fleetIssues.filter(({ kind, lastAtMs }) => lastAtMs + CLOSED_AFTER_MS[kind] > nowMs);
  }

  #write(kind: FleetIssueKind, host: string, detail: string, nowMs: number, condition: string, firstAtMs: string) {
    return conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: { pk: PK, sk: `${kind}#${host}` },
          UpdateExpression: `SET detail = :detail, firstAtMs = ${firstAtMs}, lastAtMs = :now, expiresAt = :expires`,
          ConditionExpression: condition,
          ExpressionAttributeValues: {
            ':detail': detail,
            ':now': nowMs,
            ':closed': nowMs - CLOSED_AFTER_MS[kind],
            ':expires': ttl(nowMs + CLOSED_AFTER_MS[kind]),
          },
        }),
      ),
    );
  }
}

function findingOf({ sk, detail, firstAtMs, lastAtMs }: Record<string, unknown>): FleetIssue {
  const name = String(sk);
  const hash = name.indexOf('#');
  return {
    kind: name.slice(0, hash) as FleetIssueKind,
    host: name.slice(hash + 1),
    detail: String(detail),
    firstAtMs: Number(firstAtMs),
    lastAtMs: Number(lastAtMs),
  };
}

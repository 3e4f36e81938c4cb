import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import {
  CLOSED_AFTER_MS,
  type FleetIssue,
  type FleetIssueKind,
  type FleetIssues,
  type ObservedIssue,
} from '../../core/fleet/fleet-issue.ts';
import { itemsOf } from '../table/fast-reads.ts';
import { number, readRow, type TableRow, text } from '../table/row-schema.ts';
import { conditional, type Table, ttl } from '../table/table.ts';

const PK = 'ISSUES';

/** An issue that was observed now. */
type Confirmation = ObservedIssue & { readonly nowMs: number };

/** Fleet issues: `ISSUES` / `<kind>#<host>`. An issue that was not confirmed for long enough is closed, by the reader's clock. */
export class DynamoFleetIssues implements FleetIssues {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async record(kind: FleetIssueKind, host: string, detail: string, nowMs: number): Promise<boolean> {
    const closed = 'attribute_not_exists(lastAtMs) OR lastAtMs <= :closed';
    const seen = { kind, host, detail, nowMs };
    if (await this.#write(seen, `NOT (${closed})`, 'if_not_exists(firstAtMs, :now)')) return false;
    return this.#write(seen, closed, ':now');
  }

  async open(nowMs: number): Promise<readonly FleetIssue[]> {
    const all = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': PK } };
    const fleetIssues: FleetIssue[] = [];
    for await (const item of itemsOf(this.#table, all)) fleetIssues.push(issueOf(item));
    return fleetIssues.filter(({ kind, lastAtMs }) => lastAtMs + CLOSED_AFTER_MS[kind] > nowMs);
  }

  #write({ kind, host, detail, nowMs }: Confirmation, condition: string, firstAtMs: string) {
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

const IssueRow = z.object({ detail: text, firstAtMs: number, lastAtMs: number });
const kinds = z.enum({
  'no-agent': 'no-agent',
  'agent-silent': 'agent-silent',
  'identity-contested': 'identity-contested',
  unattested: 'unattested',
  'identifier-shared': 'identifier-shared',
  'cleanup-too-short': 'cleanup-too-short',
} as const satisfies { readonly [Kind in FleetIssueKind]: Kind });
const KeyRow = z.object({ kind: kinds, host: text });

function issueOf(row: TableRow): FleetIssue {
  const { pk, sk } = row;
  const [kind, ...host] = String(sk).split('#');
  return { ...readRow(KeyRow, { pk, sk, kind, host: host.join('#') }), ...readRow(IssueRow, row) };
}

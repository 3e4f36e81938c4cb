import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ANNOUNCE,
  type Operation,
  ROW_ACCESS,
  type RowAccess,
  statementsOf,
} from '../../lib/stack/table/row-access.ts';
import { demandsOf, type ResourceNames } from '../../workbench/local-aws/access/demands.ts';
import { type Demand, Permissions } from '../../workbench/local-aws/access/permissions.ts';

export type FunctionName = keyof typeof ROW_ACCESS;

const INDEX = 'the table/index/byDay';
const NAMES: ResourceNames = {
  arnOf: () => 'the table',
  hashKeys: { table: 'pk', indexes: { byDay: 'day' } },
};

/** What the template of a long-poll front allows a function: rows by their partition, and the index to the reconciler alone. */
function permissionsOf(name: FunctionName): Permissions {
  const rows = [...statementsOf(ROW_ACCESS[name]), ...statementsOf(ANNOUNCE)].map(({ operations, partitions }) => ({
    actions: operations.map((operation) => `dynamodb:${operation}`),
    resources: ['the table'],
    conditions: [
      { operator: 'ForAllValues:StringLike', key: 'dynamodb:LeadingKeys', values: partitions },
      { operator: 'Null', key: 'dynamodb:LeadingKeys', values: ['false'] },
    ],
  }));
  const index = { actions: ['dynamodb:Query'], resources: [INDEX], conditions: [] };
  return new Permissions(name === 'reconcile' ? [...rows, index] : rows);
}

/** `HOST#* GetItem` for each operation that a function may use in a partition. */
export const grantsOf = (access: RowAccess): string[] =>
  Object.entries(access).flatMap(([partition, operations]) => operations.map((one) => `${partition} ${one}`));

/** Compares the requests that a function makes to DynamoDB with what its role allows. */
export class RowRecorder {
  /** The grants that were used, by function. */
  readonly used = new Map<FunctionName, Set<string>>();
  /** Requests that the role of their function does not allow. */
  readonly denied: string[] = [];
  readonly #permissions = new Map<FunctionName, Permissions>();
  #current: FunctionName | undefined;

  /** Records what a client sends, once it is on the wire. */
  attach({ middlewareStack }: Pick<DynamoDBClient, 'middlewareStack'>): void {
    middlewareStack.add(
      (next) => async (args) => {
        const { headers, body } = args.request as { headers: Record<string, string>; body: Uint8Array | string };
        const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
        this.#record(headers['x-amz-target'] ?? '', JSON.parse(text));
        return next(args);
      },
      { step: 'build', name: 'rows', priority: 'low' },
    );
  }

  /** Runs the work of one function. */
  async as<T>(name: FunctionName, work: () => Promise<T>): Promise<T> {
    this.#current = name;
    try {
      return await work();
    } finally {
      this.#current = undefined;
    }
  }

  #record(target: string, input: unknown): void {
    const name = this.#current;
    if (!name) return; // the test itself
    const permissions = this.#permissions.get(name) ?? permissionsOf(name);
    this.#permissions.set(name, permissions);
    for (const demand of demandsOf(target, input, NAMES)) {
      if (!permissions.allows(demand)) this.denied.push(`${name}: ${demand.action} ${JSON.stringify(demand.context)}`);
      if (demand.resource !== INDEX) this.#use(name, demand);
    }
  }

  #use(name: FunctionName, { action, context }: Demand): void {
    const grants = this.used.get(name) ?? new Set();
    this.used.set(name, grants);
    for (const key of context['dynamodb:LeadingKeys'] ?? []) {
      const partition = Object.keys({ ...ROW_ACCESS[name], ...ANNOUNCE }).find((one) => isIn(key, one));
      grants.add(`${partition} ${action.replace('dynamodb:', '') as Operation}`);
    }
  }
}

const isIn = (key: string, partition: string): boolean =>
  partition.endsWith('*') ? key.startsWith(partition.slice(0, -1)) : key === partition;

import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { MAX_SECOND_AGENTS, NODE_TTL_MS, type Node, REVOKED_TTL_MS } from '../../core/nodes/node.ts';
import type { Alias, Aliases, AliasSource, NodeRegistry, NodeState } from '../../core/nodes/registry.ts';
import { announce } from '../front/wake-hints.ts';
import { number, readRow, type ShapeOf, text } from '../table/row-schema.ts';
import { conditional, type Table, ttl } from '../table/table.ts';
import { hostKey, nodeOf } from './host-rows.ts';

/** Nodes: `HOST#<host>` / `#node`. */
export class DynamoNodeRegistry implements NodeRegistry, NodeState {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async find(host: string, consistent = false): Promise<Node | undefined> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: this.#key(host), ConsistentRead: consistent }),
    );
    return Item && nodeOf(Item);
  }

  enroll({ expiresAtMs, secondAgents: twins, ...node }: Node, replaces: Node | undefined): Promise<boolean> {
    return conditional(
      this.#table.db.send(
        new PutCommand({
          TableName: this.#table.name,
          Item: { ...this.#key(node.host), ...node, twins, expiresAt: ttl(expiresAtMs) },
          // Also checks the revision, because a poll of the former enrollment may be claiming queries at this moment.
          ConditionExpression: replaces ? 'epoch = :epoch AND rev = :rev' : 'attribute_not_exists(pk)',
          ExpressionAttributeValues: replaces && { ':epoch': replaces.epoch, ':rev': replaces.rev },
        }),
      ),
    );
  }

  async recordPoll(host: string, nowMs: number): Promise<void> {
    const values = { ':now': nowMs, ':expires': ttl(nowMs + NODE_TTL_MS) };
    await this.#change(host, 'SET lastSeenMs = :now, expiresAt = :expires', values);
  }

  async accelerate(host: string, untilMs: number): Promise<void> {
    await this.#change(host, 'SET hotUntilMs = :until', { ':until': untilMs }, 'hotUntilMs < :until');
  }

  async recordInstance(host: string, instanceId: string): Promise<void> {
    await this.#change(host, 'SET instanceId = :id', { ':id': instanceId });
  }

  async setTags(host: string, tags: Readonly<Record<string, string>>): Promise<void> {
    await this.#change(host, 'SET tags = :tags', { ':tags': tags });
  }

  async recordSecondAgent(host: string, name: string, nowMs: number): Promise<void> {
    await this.#change(host, 'SET contestedAtMs = :now', { ':now': nowMs });
    const values = { ':names': [name], ':name': name, ':none': [], ':most': MAX_SECOND_AGENTS };
    const isNew = 'attribute_not_exists(twins) OR (NOT contains(twins, :name) AND size(twins) < :most)';
    await this.#change(host, 'SET twins = list_append(if_not_exists(twins, :none), :names)', values, `(${isNew})`);
  }

  async endContest(host: string): Promise<void> {
    await this.#change(host, 'REMOVE contests', undefined);
  }

  async recordDockerAccess(host: string, nowMs: number): Promise<void> {
    await this.#change(host, 'SET seesContainersAtMs = if_not_exists(seesContainersAtMs, :now)', { ':now': nowMs });
  }

  async end(host: string, nowMs: number): Promise<void> {
    const values = { ':now': nowMs, ':one': 1 };
    await this.#end(host, 'SET endedAtMs = if_not_exists(endedAtMs, :now), rev = rev + :one', values);
  }

  revoke(host: string, nowMs: number): Promise<boolean> {
    const values = { ':now': nowMs, ':one': 1, ':expires': ttl(nowMs + REVOKED_TTL_MS) };
    const ended = 'endedAtMs = if_not_exists(endedAtMs, :now)';
    return this.#end(host, `SET ${ended}, revokedAtMs = :now, expiresAt = :expires, rev = rev + :one`, values);
  }

  readmit(host: string): Promise<boolean> {
    return conditional(
      this.#table.db.send(
        new DeleteCommand({
          TableName: this.#table.name,
          Key: this.#key(host),
          ConditionExpression: 'attribute_exists(revokedAtMs)',
        }),
      ),
    );
  }

  // Writes a hint as well, so that a held read of the node is rejected at once.
  async #end(host: string, update: string, values: Record<string, unknown>): Promise<boolean> {
    await announce([host], this.#table);
    return this.#change(host, update, values);
  }

  // Changes an existing node; never creates one.
  #change(
    host: string,
    update: string,
    values: Record<string, unknown> | undefined,
    condition?: string,
  ): Promise<boolean> {
    return conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: this.#key(host),
          UpdateExpression: update,
          ConditionExpression: `attribute_exists(pk)${condition ? ` AND ${condition}` : ''}`,
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }

  #key(host: string) {
    return { pk: hostKey(host), sk: '#node' };
  }
}

// Longer than most hosts live. An expired alias is looked up and written again.
const ALIAS_TTL_MS = 90 * 24 * 3_600_000;

/** Aliases: `ALIAS#<alias>` / `#host`. */
export class DynamoAliases implements Aliases {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async hostOf(alias: string, consistent = false): Promise<string | undefined> {
    return (await this.find(alias, consistent))?.host;
  }

  async find(alias: string, consistent = false): Promise<Alias | undefined> {
    const { Item } = await this.#table.db.send(
      new GetCommand({
        TableName: this.#table.name,
        Key: { pk: `ALIAS#${alias}`, sk: '#host' },
        ConsistentRead: consistent,
      }),
    );
    return Item && readRow(AliasRow, Item);
  }

  async learn(alias: string, host: string, nowMs: number, source: AliasSource = 'agent'): Promise<void> {
    await this.#table.db.send(
      new PutCommand({
        TableName: this.#table.name,
        Item: { pk: `ALIAS#${alias}`, sk: '#host', host, source, sinceMs: nowMs, expiresAt: ttl(nowMs + ALIAS_TTL_MS) },
      }),
    );
  }

  async forget(alias: string, host: string): Promise<void> {
    await conditional(
      this.#table.db.send(
        new DeleteCommand({
          TableName: this.#table.name,
          Key: { pk: `ALIAS#${alias}`, sk: '#host' },
          ConditionExpression: '#host = :host',
          ExpressionAttributeNames: { '#host': 'host' },
          ExpressionAttributeValues: { ':host': host },
        }),
      ),
    );
  }
}

/** Rows of earlier versions have neither source nor time. */
const AliasRow = z.object({
  host: text,
  source: z._default(
    z.enum({ agent: 'agent', aws: 'aws', attestation: 'attestation' } as const satisfies {
      readonly [By in AliasSource]: By;
    }),
    'agent',
  ),
  sinceMs: z._default(number, 0),
} satisfies ShapeOf<Alias>);

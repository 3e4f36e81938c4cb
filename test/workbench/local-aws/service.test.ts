import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoNodeRegistry } from '../../../lib/aws/nodes/node-registry.ts';
import { DynamoHostQueue } from '../../../lib/aws/queue/host-queue.ts';
import { openTable, withHints } from '../../../lib/aws/table/table.ts';
import { keyOf } from '../../../lib/core/queue/pending-query.ts';
import { theAssembly, theServiceAssembly } from '../../support/assembly.ts';
import { aHostQuery } from '../../support/builders.ts';
import { aLocalServer, type LocalServer } from '../../support/local-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

const SYNTHESIS_MS = 180_000;

/** What an agent gets until it has so many queries: like osqueryd, it asks again when there is no reply. */
async function workOf(agent: WireAgent, count: number): Promise<Set<string>> {
  const got = new Set<string>();
  while (got.size < count) {
    const queries = await agent.poll().catch(() => ({}));
    for (const sql of Object.values(queries)) got.add(sql);
    if (Object.keys(queries).length === 0) await pause(200);
  }
  return got;
}

/* The bundle of the image as a process of its own, with the environment of the task definition and TLS. */
describe('the synthesized template with the long-poll front', () => {
  let server: LocalServer;
  let agent: WireAgent;
  let queue: DynamoHostQueue;
  let registry: DynamoNodeRegistry;
  let client: DynamoDBClient;

  beforeAll(async () => {
    await theAssembly(); // whose bundles this one has too
    server = await aLocalServer({ assembly: await theServiceAssembly() });
    const { dynamodb: endpoint, credentials, tableName } = server.local;
    client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
    const table = withHints(openTable(tableName, client), Date.now);
    queue = new DynamoHostQueue(table);
    registry = new DynamoNodeRegistry(table);
    agent = await anEnrolled(server, 'web-7');
    const { pending } = await queue.read('web-7', true);
    await queue.remove(pending.map(keyOf));
    await pause(5_200); // until a first look need not be consistent, as in the steady state
  }, SYNTHESIS_MS);
  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  const question = (n: number) =>
    aHostQuery(n, { host: 'web-7', queuedAtMs: Date.now(), expiresAtMs: Date.now() + 60_000 });
  const log = () => readFile(join(server.data, 'logs', 'front.log'), 'utf8');

  it('gives agents an interval of one second', async () => {
    expect((await agent.config()).json).toMatchObject({ options: { distributed_interval: 1 } });
  });

  it('holds an empty read, and answers it when a query is queued', async () => {
    const startedAtMs = performance.now();
    const read = agent.poll();
    await pause(1_000);
    const queuedAtMs = performance.now();
    await queue.enqueue(question(1));
    const queries = await read;
    expect(Object.values(queries)).toEqual(['SELECT 1 FROM osquery_info']);
    expect(performance.now() - queuedAtMs).toBeLessThan(10_000); // a hold would have ended after 12 s
    expect(performance.now() - startedAtMs).toBeGreaterThan(1_000);
    const rows = Object.fromEntries(Object.keys(queries).map((id) => [id, []]));
    expect((await agent.write(rows)).verdict).toBe('ok');
  }, 30_000);

  it("counts the front's calls of the table, which its task role allows", async () => {
    const { front, requests, readUnits = 0, writeUnits = 0 } = server.local.usage?.() ?? {};
    expect([front, requests]).toEqual(['service', {}]);
    expect(readUnits).toBeGreaterThan(0);
    expect(writeUnits).toBeGreaterThan(0);
    expect(await log()).not.toContain('AccessDenied');
  });

  it('rejects the held read of a node that is revoked', async () => {
    const other = await anEnrolled(server, 'web-8');
    const { pending } = await queue.read('web-8', true);
    await queue.remove(pending.map(keyOf));
    const read = other.read();
    await pause(500);
    await registry.revoke('web-8', Date.now());
    expect((await read).verdict).toBe('invalid');
  }, 30_000);

  it('loses nothing by kill -9: held reads break, and the next process gets what was handed out and what was queued', async () => {
    const others = await Promise.all(['web-9', 'web-10'].map((name) => anEnrolled(server, name)));
    const kept = await Promise.all(['web-9', 'web-10'].map((name) => queue.read(name, true)));
    await queue.remove(kept.flatMap(({ pending }) => pending).map(keyOf));
    const held = others.map((other) => other.poll());
    await queue.enqueue(question(2));
    expect(Object.values(await agent.poll())).toEqual(['SELECT 2 FROM osquery_info']); // its agent does not answer in time
    process.kill(Number([...(await log()).matchAll(/"pid":(\d+)/g)].at(-1)?.[1]), 'SIGKILL');
    for (const outcome of await Promise.allSettled(held)) expect(outcome.status).toBe('rejected');

    await queue.enqueue(question(3));
    await queue.enqueue({ ...question(4), host: 'web-9' });
    expect(await workOf(agent, 2)).toEqual(new Set(['SELECT 2 FROM osquery_info', 'SELECT 3 FROM osquery_info']));
    expect(await workOf(others[0] as WireAgent, 1)).toEqual(new Set(['SELECT 4 FROM osquery_info']));
    expect(server.notices).toContainEqual(expect.objectContaining({ kind: 'function-error', function: 'front' }));
  }, 90_000);
});

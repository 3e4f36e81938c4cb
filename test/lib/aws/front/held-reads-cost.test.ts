import { expect, it } from '@jest/globals';
import { openTable } from '../../../../lib/aws/table/table.ts';
import { HeldReads } from '../../../../lib/core/front/held-reads.ts';
import type { Timer } from '../../../../lib/core/front/hold.ts';
import type { Reply } from '../../../../lib/core/osquery/replies.ts';
import { RequestBody } from '../../../../lib/core/osquery/request-body.ts';
import { TlsApi } from '../../../../lib/core/osquery/tls-api.ts';
import { keyOf } from '../../../../lib/core/queue/pending-query.ts';
import { MemoryStoredLogs } from '../../../../lib/memory/stored-logs.ts';
import { aTable, dynamodb } from '../../../support/dynamodb.ts';
import { type DynamoCall, DynamoTap } from '../../../support/dynamodb-tap.ts';
import { FakeSink } from '../../../support/fake-sink.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { portsOn } from '../../../support/table-world.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const secret = (value: string) => ({ values: async () => [value], refreshed: async () => [value] });
const SECRET = 'correct-horse-battery-staple';

/** Read units of small items: half a unit for an eventually consistent read. */
const unitsOf = ({ name, input }: DynamoCall): number => {
  if (!/^(Query|GetItem|BatchGetItem|Scan)Command$/.test(name)) return 0;
  return input.ConsistentRead === true ? 1 : 0.5;
};

it('a held host costs one look a minute: at most 0.6 read units a minute, renewals of its record included', async () => {
  const client = dynamodb();
  const tap = new DynamoTap(client);
  const table = openTable((await aTable()).name, client);
  let nowMs = T0;
  const now = (): number => nowMs;
  const alarms = new Set<{ readonly atMs: number; readonly ring: () => void }>();
  const timer: Timer = (ms, ring) => {
    const alarm = { atMs: nowMs + ms, ring };
    alarms.add(alarm);
    return () => void alarms.delete(alarm);
  };
  const reads = new HeldReads<Reply>({ now, timer });
  const ports = portsOn(table, now);
  const api = new TlsApi({
    ...ports,
    storedLogs: new MemoryStoredLogs(),
    sink: new FakeSink(),
    enrollSecrets: new Map([['default', secret(SECRET)]]),
    nodeKeySecret: secret('signs'),
    policy: inForce(),
    sweepEveryMs: MINUTE,
    longPoll: { reads, intervalSeconds: 1 },
    now,
    report: () => undefined,
  });
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const text = RequestBody.of(Buffer.from(JSON.stringify(body)));
    const link = { onClosed: () => undefined };
    const reply = await api.answer({ method: 'POST', path, body: text, timeLeftMs: () => 15_000, link });
    return JSON.parse(reply.body) as Record<string, unknown>;
  };

  const { node_key } = await post('/enroll', { enroll_secret: SECRET, host_identifier: 'h1' });
  await ports.queue.remove((await ports.queue.read('h1', true)).pending.map(keyOf));

  /** One hold, and the agent's pause. */
  const poll = async (): Promise<void> => {
    reads.hintsRead([], nowMs); // the hints are readable, and there are none
    let isAnswered = false;
    const read = post('/read', { node_key }).then((reply) => {
      isAnswered = true;
      return reply;
    });
    while (!isAnswered) {
      while (alarms.size === 0 && !isAnswered) await new Promise((resolve) => setImmediate(resolve)); // it looks
      const [next] = [...alarms].sort((a, b) => a.atMs - b.atMs);
      if (!next) continue;
      nowMs = Math.max(nowMs, next.atMs);
      reads.hintsRead([], nowMs);
      next.ring();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await read).toEqual({ queries: {} });
    nowMs += SECOND; // the agent's interval
  };

  await poll();
  tap.calls.length = 0;
  const sinceMs = nowMs;
  while (nowMs < sinceMs + 60 * MINUTE) await poll();
  const minutes = (nowMs - sinceMs) / MINUTE;

  const looks = tap.calls.filter(({ name }) => name === 'QueryCommand').length;
  expect(looks / minutes).toBeGreaterThan(0.9); // it does look
  expect(looks / minutes).toBeLessThanOrEqual(1.02);
  const units = tap.calls.reduce((sum, call) => sum + unitsOf(call), 0);
  expect(units / minutes).toBeLessThanOrEqual(0.6);
  client.destroy();
});

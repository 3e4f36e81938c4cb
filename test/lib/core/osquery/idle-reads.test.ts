import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Node, SEEN_EVERY_MS } from '../../../../lib/core/nodes/node.ts';
import { signNodeKey } from '../../../../lib/core/nodes/node-key.ts';
import type { AgentRequest } from '../../../../lib/core/osquery/agent-request.ts';
import { IdleReads } from '../../../../lib/core/osquery/idle-reads.ts';
import { accepted, refused } from '../../../../lib/core/osquery/replies.ts';
import { RequestBody } from '../../../../lib/core/osquery/request-body.ts';
import { deliveryOf } from '../../../../lib/core/queue/delivery.ts';
import type { HostPartition } from '../../../../lib/core/queue/host-queue.ts';
import { aNode } from '../../../support/a-node.ts';
import { aPendingQuery } from '../../../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const SECRET = 'a signing secret';
const NODE: Node = aNode('h1', { lastSeenMs: T0, hotUntilMs: 0 });
const KEY = signNodeKey({ host: NODE.host, epoch: NODE.epoch }, SECRET);

const aRead = (key = KEY, over: Partial<AgentRequest> = {}): AgentRequest => ({
  method: 'POST',
  path: '/v1/distributed/read',
  body: new RequestBody(JSON.stringify({ node_key: key }), 'utf8'),
  timeLeftMs: () => 15_000,
  ...over,
});

let nowMs: number;
let partition: HostPartition;
let failure: Error | undefined;
let reads: number;
let loads: number;
let whole: string[];
let api: IdleReads;
beforeEach(() => {
  [nowMs, partition, failure, reads, loads, whole] = [
    T0,
    { node: NODE, deliveries: [], pending: [] },
    undefined,
    0,
    0,
    [],
  ];
  api = new IdleReads(
    {
      nodeKeySecret: { values: async () => [SECRET], refreshed: async () => [SECRET] },
      queue: {
        read: async () => {
          reads += 1;
          if (failure) throw failure;
          return partition;
        },
      },
      now: () => nowMs,
    },
    async () => {
      loads += 1;
      return {
        api: {
          answer: async () => {
            whole.push('answer');
            return accepted;
          },
          answerRead: async (read) => {
            expect(read).toEqual(partition);
            whole.push('answerRead');
            return refused('later');
          },
        },
        report: (event) => void whole.push(event),
      };
    },
  );
});

describe('the poll of an idle host', () => {
  it('is answered with one read, and the whole API is not loaded', async () => {
    expect(await api.answer(aRead())).toMatchObject({ status: 200, body: '{"queries":{}}' });
    expect({ reads, loads }).toEqual({ reads: 1, loads: 0 });
  });

  it.each<[string, Partial<Node>]>([
    ['has not been recorded for five minutes', { lastSeenMs: T0 - SEEN_EVERY_MS }],
    ['is contested by a second agent', { contestedAtMs: T0 + SECOND }],
    ['contests the identifier of another agent', { contests: 'h2' }],
    ['should poll faster', { hotUntilMs: T0 + MINUTE }],
  ])('goes to the whole API with what was read, if its node %s', async (_, over) => {
    partition = { ...partition, node: { ...NODE, ...over } };
    expect(await api.answer(aRead())).toEqual(refused('later'));
    expect({ reads, whole }).toEqual({ reads: 1, whole: ['answerRead'] });
  });

  it('goes to the whole API with what was read, if queries are pending or in flight', async () => {
    const query = aPendingQuery(1, { host: 'h1' });
    for (const busy of [
      { pending: [query], deliveries: [] },
      { pending: [], deliveries: [deliveryOf('d1', [[query]], T0, 30 * SECOND)] },
    ]) {
      partition = { node: NODE, ...busy };
      await api.answer(aRead());
    }
    expect(whole).toEqual(['answerRead', 'answerRead']);
  });
});

describe('what the whole API decides', () => {
  it.each<[string, AgentRequest]>([
    ['other endpoints', aRead(KEY, { path: '/v1/config' })],
    ['other methods', aRead(KEY, { method: 'GET' })],
    ['keys that our secret did not sign', aRead('mf1.foreign')],
    ['bodies that are not JSON', aRead(KEY, { body: new RequestBody(`"node_key":"${KEY}"`, 'utf8') })],
  ])('includes %s', async (_, request) => {
    expect(await api.answer(request)).toEqual(accepted);
    expect({ reads, whole }).toEqual({ reads: 0, whole: ['answer'] });
  });

  it('includes nodes that are gone, after a consistent read', async () => {
    partition = { deliveries: [], pending: [] };
    await api.answer(aRead());
    expect({ reads, whole }).toEqual({ reads: 2, whole: ['answer'] });
  });

  it('includes reads that fail, which it repeats and reports', async () => {
    failure = new Error('no answer within 3000 ms');
    expect(await api.answer(aRead())).toEqual(accepted);
    expect(whole).toEqual(['read_retried', 'answer']);
  });
});

import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { aVersion } from '../../../support/a-policy.ts';
import { aMayfly, folderOf, jsonLines, mayfly } from '../../../support/command.ts';

describe('mayfly request', () => {
  const bus = mockClient(EventBridgeClient);
  afterAll(() => bus.restore());

  it('prints the id of its event and the hosts of each rule with --json', async () => {
    const { table, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    const ready = { dynamodb: process.env.TEST_DYNAMODB_ENDPOINT, tableName: table.name, events: 'http://127.0.0.1:9' };
    const data = await folderOf({ 'ready.json': JSON.stringify(ready) });
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'event-1' }] });
    const { code, stdout } = await mayfly('request', 'ask-1', '--data', data, '--json');
    expect([code, jsonLines(stdout)]).toEqual([
      0,
      [{ eventId: 'event-1', rules: [{ rule: 'rule-1', hosts: 0, limited: false, why: expect.any(String) }] }],
    ]);
  });
});

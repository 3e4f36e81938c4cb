import { readFileSync } from 'node:fs';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { mayfly } from '../../../support/command.ts';
import { restoreEnvironment } from '../../../support/environment.ts';
import { atNow } from './harness.ts';

atNow();

const COMMANDS = ['coverage', 'missed', 'task', 'nodes', 'who', 'mtta'];
/** Commands that the section of the README does not show. */
const OTHERS = ['tasks', 'rows'];
const README = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');

/** With `--help` at the end a command does nothing, but has parsed its other arguments. */
async function isUnderstood(example: string): Promise<void> {
  const words = example.trim().split(/\s+/);
  expect(await mayfly(...words, '--help')).toMatchObject({ code: 0 });
  const wrong = await mayfly(...words, '--no-such-option');
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("unknown option '--no-such-option'")]);
}

describe('the commands of the ledger', () => {
  it.each([...COMMANDS, ...OTHERS])('%s has examples in its help, and accepts them', async (command) => {
    const { code, stdout } = await mayfly(command, '--help');
    expect([code, stdout]).toEqual([0, expect.stringContaining('--json')]);
    const examples = [...stdout.matchAll(/^ {2}\$ npx mayfly ([^|\n]*)/gm)].map(([, example]) => String(example));
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) await isUnderstood(example);
  });

  it('are all in the README, and accept its examples', async () => {
    const [, section = ''] = /^## See the verdicts\n([\s\S]*?)^## /m.exec(README) ?? [];
    const examples = [...section.matchAll(/^npx mayfly ([^#\n]*)/gm)].map(([, example]) => String(example));
    expect(examples.map((example) => example.split(' ')[0])).toEqual(COMMANDS);
    for (const example of examples) await isUnderstood(example);
  });

  it('name the next step for a table of an earlier version', async () => {
    const before = { ...process.env };
    const endpoint = process.env.TEST_DYNAMODB_ENDPOINT ?? '';
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    Object.assign(process.env, { AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_REGION: 'eu-west-1', ...credentials });
    const client = new DynamoDB({});
    const TableName = 'mayfly-of-an-earlier-version';
    try {
      await client.createTable({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      });
      const { code, stderr } = await mayfly('coverage', '--table', TableName);
      expect([code, stderr]).toEqual([1, expect.stringContaining('is an earlier version')]);
    } finally {
      client.destroy();
      restoreEnvironment(before);
    }
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { DynamoCampaigns } from '../../../lib/aws/campaigns.ts';
import { DynamoFleetIssues } from '../../../lib/aws/fleet-issues.ts';
import { DynamoNodeDirectory } from '../../../lib/aws/node-directory.ts';
import { DynamoPolicyStore } from '../../../lib/aws/policy-store.ts';
import { entryOf } from '../../../lib/core/nodes/directory.ts';
import { packed } from '../../../lib/core/results/lines.ts';
import { JSON_OUTPUTS } from '../../../scripts/json-outputs.ts';
import { aCampaign, aHostAnswer, CAMPAIGN } from '../../support/a-campaign.ts';
import { aLine } from '../../support/a-line.ts';
import { aVersion } from '../../support/a-policy.ts';
import { taskArn } from '../../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../../support/times.ts';
import { atNow, aWatched, enter, NOW } from './ledger/harness.ts';
import { jsonLines } from './policy/harness.ts';

atNow();

/** A Mayfly with a seen and a missed task, a late answer, a row, a node, a fleet issue and a campaign with a row and an error. */
async function aBusyMayfly() {
  const { world, data, ask } = await aWatched();
  await new DynamoPolicyStore(world.table).push(aVersion(1), 0);
  await enter(world, 1, { seenLive: ['a', 'b'], firstAnswerAtMs: T0 + 5 * MINUTE, deliveredAtMs: T0 + SECOND });
  await enter(world, 2, { troubles: ['no-row'] });
  const directory = new DynamoNodeDirectory(world.table, world.now);
  await directory.record(entryOf(await world.aNode('web-1', { hostname: 'web-1' }), 'default'), NOW);
  await new DynamoFleetIssues(world.table).record('no-agent', 'i-2', 'it never enrolled', NOW);
  const campaigns = new DynamoCampaigns(world.table);
  await campaigns.begin(aCampaign({ askedAtMs: NOW - MINUTE, expiresAtMs: NOW + 60 * MINUTE }));
  await campaigns.recordProgress(CAMPAIGN, { isQueued: true });
  const at = { answeredAtMs: NOW };
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [{ total_seconds: '1' }], at));
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h2', [], { ...at, status: 1, message: 'no such table' }));
  const results = join(data, 'results', 'results');
  await mkdir(results, { recursive: true });
  const line = aLine({ queuedAtMs: T0 });
  await writeFile(join(results, `${line.time.slice(0, 10)}.ndjson`), packed([line]).join(''));
  return { ask };
}

const COMMANDS: Readonly<Record<keyof typeof JSON_OUTPUTS, readonly string[]>> = {
  tasks: ['tasks', '--since', '1d'],
  task: ['task', taskArn(1)],
  coverage: ['coverage', '--since', '1d'],
  nodes: ['nodes'],
  missed: ['missed', '--since', '1d'],
  mtta: ['mtta', '--since', '1d'],
  query: ['query', '--resume', CAMPAIGN],
  queries: ['queries'],
};

describe('the published schema of --json', () => {
  it.each(Object.entries(COMMANDS))('fits what mayfly %s prints', async (name, words) => {
    const { ask } = await aBusyMayfly();
    const { prints, schema } = JSON_OUTPUTS[name as keyof typeof JSON_OUTPUTS];
    const documents = jsonLines((await ask(...words, '--json')).stdout);
    expect(documents).toHaveLength(prints === 'one document' ? 1 : 2);
    for (const document of documents) {
      const { error } = z.safeParse(schema, document);
      expect(error && z.prettifyError(error)).toBeUndefined();
      expect(JSON.stringify(document).length).toBeGreaterThan(100); // not an empty list
    }
  });

  it('fits a missed task too, and lists what the lists of the others hold', async () => {
    const { ask } = await aBusyMayfly();
    const [missed] = jsonLines((await ask('task', taskArn(2), '--json')).stdout);
    expect(z.safeParse(JSON_OUTPUTS.task.schema, missed).error).toBeUndefined();
    const [seen] = jsonLines((await ask('task', taskArn(1), '--json')).stdout);
    expect(seen).toMatchObject({ rows: [expect.anything()] });
    const [mtta] = jsonLines((await ask('mtta', '--since', '1d', '--json')).stdout);
    expect(mtta).toMatchObject({ late: [expect.anything()] });
  });
});

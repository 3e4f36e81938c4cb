import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { Command } from 'commander';
import * as z from 'zod';
import { programWith } from '../../../lib/cli/program.ts';
import { JSON_OUTPUTS } from '../../../scripts/json-outputs/json-outputs.ts';
import { addWorkbench } from '../../../workbench/demo/add-workbench.ts';
import { CAMPAIGN } from '../../support/a-campaign.ts';
import { taskArn } from '../../support/builders.ts';
import { CONFIG, FIXTURES, folderOf, jsonLines, mayfly, policySelecting, RUNNING } from '../../support/command.ts';
import { aBusyMayfly } from './busy-mayfly.ts';
import { atNow } from './ledger/harness.ts';

atNow();

/** What the words of a command need. */
interface Given {
  readonly letter: string;
  /** A folder with a policy, and one that does not exist yet. */
  readonly folder: string;
  readonly fresh: string;
  readonly wrong: string;
  readonly flagfile: string;
  readonly osqueryConf: string;
}

interface Asked {
  readonly words: (given: Given) => readonly string[];
  /** How many documents it prints. @default 1 */
  readonly documents?: number;
}

const asked = (...words: string[]): Asked => ({ words: () => words });

/** It prints the course of a run: test/e2e/local-command.test.ts and test/e2e/readme.test.ts compare it. */
const A_RUN = 'local';

/** The commands in the order in which they are asked: those that change something come last. */
const COMMANDS: Readonly<Record<Exclude<keyof typeof JSON_OUTPUTS, typeof A_RUN>, Asked>> = {
  tasks: { ...asked('tasks', '--since', '1d'), documents: 2 },
  task: asked('task', taskArn(1)),
  coverage: asked('coverage', '--since', '1d'),
  nodes: asked('nodes'),
  missed: asked('missed', '--since', '1d'),
  mtta: asked('mtta', '--since', '1d'),
  query: { ...asked('query', '--resume', CAMPAIGN), documents: 2 },
  queries: asked('queries'),
  rows: asked('rows', '--since', '1d'),
  who: asked('who', '10.0.0.9'),
  'node show': asked('node', 'show', 'web-1'),
  doctor: asked('doctor', 'web-1'),
  tail: { ...asked('tail', '--no-follow', '--since', '1d'), documents: 2 },
  'secret status': asked('secret', 'status'),
  'dlq list': asked('dlq', 'list'),
  'dlq show': { words: ({ letter }) => ['dlq', 'show', letter] },
  'policy init': { words: ({ fresh }) => ['policy', 'init', fresh] },
  'policy import': { words: ({ osqueryConf, fresh }) => ['policy', 'import', osqueryConf, '--to', `${fresh}-2`] },
  'policy check': { words: ({ wrong }) => ['policy', 'check', wrong] },
  'policy diff': { words: ({ folder }) => ['policy', 'diff', folder] },
  'policy history': asked('policy', 'history'),
  'policy show': asked('policy', 'show'),
  'policy drift': asked('policy', 'drift', '--all'),
  'policy test': asked('policy', 'test', '--policy', 'policy', RUNNING),
  'policy replay': { ...asked('policy', 'replay', FIXTURES, '--policy', 'policy'), documents: 0 },
  'host lint': { words: ({ flagfile }) => ['host', 'lint', flagfile] },
  cost: asked('cost'),
  'cost --data': asked('cost'),
  'local put-events': asked('local', 'put-events', RUNNING),
  request: asked('request', 'ask-1'),
  'query --cancel': asked('query', '--cancel', '--resume', CAMPAIGN),
  'policy push': { words: ({ folder }) => ['policy', 'push', folder, '-m', 'more', '--yes'] },
  'policy rollback': asked('policy', 'rollback'),
  'node revoke': asked('node', 'revoke', 'web-2', '--yes'),
  'secret rotate': asked('secret', 'rotate', '--yes'),
  'secret retire': asked('secret', 'retire', '--yes'),
  'dlq redrive': asked('dlq', 'redrive', '--all', '--yes'),
};

/** Commands that call the services of a local Mayfly. */
const WITH_SERVICES = /^(doctor|tail|secret .*|dlq .*)$/;

/** Commands that have no `--data`, or mean something else by it. */
const WITHOUT_DATA = ['cost', 'policy init', 'policy import', 'policy check', 'policy replay', 'host lint'];

describe('the published schema of --json', () => {
  const bus = mockClient(EventBridgeClient);
  let busy: Awaited<ReturnType<typeof aBusyMayfly>>;
  let given: Given;
  beforeAll(async () => {
    busy = await aBusyMayfly();
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'event-1' }] });
    const files = await folderOf({
      'bad.flags': '--tls_hostname=https://x\n',
      'osquery.conf': JSON.stringify({
        options: { no_such_option: 1 },
        schedule: { up: { query: 'SELECT * FROM uptime', interval: 60 }, bad: { query: 'SELECT x', interval: 60 } },
      }),
    });
    given = {
      letter: busy.letter,
      folder: await policySelecting('id'),
      fresh: join(files, 'fresh'),
      wrong: await folderOf({ 'config/default.yaml': CONFIG, 'rules/task.yaml': 'rules: 1\n' }),
      flagfile: join(files, 'bad.flags'),
      osqueryConf: join(files, 'osquery.conf'),
    };
  });
  afterAll(async () => {
    bus.restore();
    await busy.close();
  });

  it.each(Object.entries(COMMANDS))('fits what mayfly %s prints', async (name, { words, documents = 1 }) => {
    // Signatures of requests to these services have the time of the machine.
    if (WITH_SERVICES.test(name)) jest.restoreAllMocks();
    const accepted = Response.json({ accepted: 1, unmatched: [0] });
    const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValue(accepted);
    const { prints, schema } = JSON_OUTPUTS[name as keyof typeof JSON_OUTPUTS];
    const line = [...words(given), '--json'];
    const { stdout } = await (WITHOUT_DATA.includes(name) ? mayfly(...line) : busy.ask(...line));
    fetched.mockRestore();
    const found = jsonLines(stdout);
    expect(found.length).toBe(documents === 0 ? found.length || 1 : documents);
    if (prints === 'one document') expect(found).toHaveLength(1);
    for (const document of found) {
      const { error } = z.safeParse(schema, document);
      expect(error && z.prettifyError(error)).toBeUndefined();
      expect(JSON.stringify(document).length).toBeGreaterThan(20); // not an empty list
    }
  });

  it('is there for every command with --json', () => {
    const withJson = (command: Command, path: readonly string[]): string[] => [
      ...(command.options.some(({ long }) => long === '--json') ? [path.join(' ')] : []),
      ...command.commands.flatMap((sub) => withJson(sub, [...path, sub.name()])),
    ];
    const published = Object.keys(JSON_OUTPUTS).map((name) => name.replace(/ --.*/, ''));
    const commands = withJson(programWith(addWorkbench), []);
    expect(new Set(published)).toEqual(new Set(commands));
  });

  it('fits a missed task too, and lists what the lists of the others hold', async () => {
    const [missed] = jsonLines((await busy.ask('task', taskArn(2), '--json')).stdout);
    expect(z.safeParse(JSON_OUTPUTS.task.schema, missed).error).toBeUndefined();
    const [seen] = jsonLines((await busy.ask('task', taskArn(1), '--json')).stdout);
    expect(seen).toMatchObject({ rows: [expect.anything()] });
    const [mtta] = jsonLines((await busy.ask('mtta', '--since', '1d', '--json')).stdout);
    expect(mtta).toMatchObject({ late: [expect.anything()] });
  });

  it('fits a push that was refused', async () => {
    const refused = await busy.ask('policy', 'push', given.folder, '-m', 'late', '--expect', '1', '--json');
    expect(z.safeParse(JSON_OUTPUTS['policy push'].schema, jsonLines(refused.stdout)[0]).error).toBeUndefined();
    expect(JSON.parse(refused.stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'REFUSED' } });
  });
});

import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { DynamoNodeDirectory } from '../../lib/aws/nodes/node-directory.ts';
import { directoryEntryOf } from '../../lib/core/nodes/directory.ts';
import { flagfile } from '../../lib/stack/hosts/flagfile.ts';
import { aBusyMayfly } from '../lib/cli/busy-mayfly.ts';
import { enter, NOW } from '../lib/cli/ledger/harness.ts';
import { CAMPAIGN } from '../support/a-campaign.ts';
import { taskArn } from '../support/builders.ts';
import { mayfly } from '../support/command.ts';
import { commandsIn } from '../support/page-commands.ts';
import { MINUTE } from '../support/times.ts';

const PAGES = ['docs/runbook.md', 'docs/hosts.md', 'docs/ask.md'];

/** Commands that print something for AWS alone, or need a stack there; and two that other tests run with files of their own. */
const ELSEWHERE = /^(host (user-data|ecs-daemon|fargate-sidecar|k8s-daemonset)|policy push|…)/;
/** They change what others read, so they run last. */
const CHANGES = /^(node revoke|secret|dlq redrive|query .*--cancel)/;
/** They call services of the local Mayfly, which check the time of a signature. */
const WITH_SERVICES = /^(doctor|tail|secret|dlq|host flags)/;

const TASK = taskArn(1).split('/').at(-1) ?? '';

const line = (words: readonly string[]): string => words.join(' ');
const unique = (commands: readonly string[][]): string[][] => [
  ...new Map(commands.map((one) => [line(one), one])).values(),
];

const COMMANDS = unique(PAGES.flatMap((page) => commandsIn(readFileSync(page, 'utf8')))).filter(
  (words) => words.length > 0 && !ELSEWHERE.test(line(words)),
);
const IN_ORDER = [
  ...COMMANDS.filter((words) => !CHANGES.test(line(words))),
  ...COMMANDS.filter((words) => CHANGES.test(line(words))),
];

describe('the commands of the runbook and of the pages about hosts and queries', () => {
  const bus = mockClient(EventBridgeClient);
  let busy: Awaited<ReturnType<typeof aBusyMayfly>>;
  let flags: string;
  beforeAll(async () => {
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'event-1' }] });
    busy = await aBusyMayfly();
    const { world, data } = busy;
    const node = await world.aNode('db-1', { hostname: 'db-1' });
    const entry = directoryEntryOf({ ...node, tags: { env: 'prod' } }, 'db');
    await new DynamoNodeDirectory(world.table, world.now).record(entry, NOW + 60 * MINUTE);
    const handling = { host: 'web-1', enrolled: true, queryKeys: [], settleByMs: NOW };
    await enter(world, 3, { identity: { cluster: 'prod' }, handling });
    flags = join(data, 'osquery.flags');
    const endpoint = { hostname: 'localhost:8443', pathPrefix: '', certificate: '/x.pem', intervalSeconds: 10 };
    await writeFile(flags, `${flagfile(endpoint)}\n--specified_identifier=web-1\n`); // the line that each host adds
    const ready = join(data, 'ready.json');
    await writeFile(ready, JSON.stringify({ ...JSON.parse(await readFile(ready, 'utf8')), flagfile: flags }));
  });
  beforeEach(() => {
    jest.spyOn(Date, 'now').mockReturnValue(NOW);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    bus.restore();
    await busy.close();
  });

  /** A page's command for the Mayfly of this test: without its stack, and with names that exist. */
  function localized(words: readonly string[]): string[] {
    const id = words[0] === 'dlq' ? busy.letter : words[0] === 'query' ? CAMPAIGN : TASK;
    const values: Readonly<Record<string, string>> = {
      ...{
        HOST: 'web-1',
        'web-7': 'web-1',
        ID: id,
        '4f1c8d52': TASK,
        ARN: taskArn(1),
        k3m9x2p7qa: CAMPAIGN,
      },
      ...{ ADDRESS: '10.0.0.9', TIME: new Date(NOW).toISOString(), NAME: 'web', '[NAME]': 'web' },
      '/etc/osquery/osquery.flags': flags,
    };
    const at = words.indexOf('--stack');
    const local = at === -1 ? words : [...words.slice(0, at), ...words.slice(at + 2)];
    return [
      ...local.map((word) => values[word] ?? word),
      ...EXTRA.flatMap(([of, more]) => (of.test(line(words)) ? more : [])),
    ];
  }

  it.each(IN_ORDER.map((words) => [line(words), words] as const))('%s', async (_, words) => {
    if (WITH_SERVICES.test(line(words))) jest.restoreAllMocks();
    const given = localized(words);
    const { code, stdout, stderr } = await (/^host lint/.test(line(words)) ? mayfly(...given) : busy.ask(...given));
    expect([given, code, stderr]).toEqual([given, expected(line(words)), expect.not.stringMatching(/error/i)]);
    expect(`${stdout}${stderr}`.trim()).not.toBe('');
  });
});

/** What makes a command end, and answers its question. */
const EXTRA: readonly (readonly [of: RegExp, more: readonly string[]])[] = [
  [/^tail/, ['--no-follow', '--since', '1d']],
  [/^query/, ['--timeout', '1s']],
  [/^(node revoke|secret (rotate|retire)|dlq redrive)/, ['--yes']],
];

/** Exit codes other than 0, as docs/reference/exit-codes.md has them. */
const CODES: readonly (readonly [of: RegExp, code: number])[] = [
  [/^doctor/, 1], // nothing serves agents in this test
  [/^query SELECT/, 4], // and none answers
];

const expected = (command: string): number => CODES.find(([of]) => of.test(command))?.[1] ?? 0;

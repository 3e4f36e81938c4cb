import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { READY_FILE } from '../../lib/cli/deployment/local-mayfly.ts';
import { BriskClock } from '../support/brisk-clock.ts';
import { jsonLines, mayfly } from '../support/command.ts';
import { SimulatedDeployment } from '../support/simulated-deployment.ts';

const LONG_MS = 120_000; // a bound, not a measurement: a busy machine synthesizes and polls slowly
const SQL = 'SELECT total_seconds FROM uptime';

let deployment: SimulatedDeployment;
const ask = (...args: string[]) => mayfly('query', ...args, '--data', deployment.server.data);
const hosts = (): string[] => deployment.agents.map(({ hostIdentifier }) => hostIdentifier).sort();

async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await pause(100);
}

describe('mayfly query on a running Mayfly', () => {
  beforeAll(async () => {
    deployment = await SimulatedDeployment.start(new BriskClock(10), 3, 'query', { lossy: true }); // no task or launch matters here
    const { local, data } = deployment.server;
    const { dynamodb, tableName, credentials, events, outputs } = local;
    const bus = Object.entries(outputs).find(([name]) => name.endsWith('BusName'))?.[1];
    await writeFile(join(data, READY_FILE), JSON.stringify({ dynamodb, tableName, credentials, events, bus }));
    for (const agent of deployment.agents) agent.start();
    await until(async () => jsonLines((await mayfly('nodes', '--json', '--data', data)).stdout).flat().length === 3);
  }, LONG_MS);
  afterAll(() => deployment.close());

  it(
    'streams the rows of every host, and says how many answered',
    async () => {
      const { code, stdout, stderr } = await ask(SQL, '--all', '--json');
      expect(code).toBe(0);
      const rows = jsonLines(stdout);
      expect(rows.map(({ host }) => host).sort()).toEqual(hosts());
      expect(rows[0]).toMatchObject({ columns: { total_seconds: expect.stringMatching(/^\d+$/) } });
      expect(stderr).toContain('3 asked, 3 answered, 0 with error, 0 silent, 0 expired; 3 rows');
      const stored = (await deployment.server.lines('results')).filter(({ set }) => set === 'campaign');
      expect(stored.map(({ host }) => host).sort()).toEqual(hosts());
    },
    LONG_MS,
  );

  it(
    'goes on without the command, waits for a host that is away, and can be resumed',
    async () => {
      const [away, ...others] = deployment.agents;
      await away?.stop();
      const first = await ask(SQL, '--all', '--exit-when', '60%');
      expect(first.code).toBe(0);
      expect(first.stdout.split('\n')[0]).toMatch(/^host +hostname +total_seconds$/);
      const [, id = ''] = /Resume: npx mayfly query --resume (\w{10}) --data/.exec(first.stderr) ?? [];
      const late = await ask('--resume', id, '--timeout', '1s');
      expect([late.code, late.stderr]).toEqual([4, expect.stringContaining(`No answer from 1 host:`)]);
      expect(late.stderr).toContain(away?.hostIdentifier);
      away?.start();
      const whole = await ask(id, '--csv');
      expect(whole.code).toBe(0);
      const [head, ...rows] = whole.stdout.trim().split('\n');
      expect([head, rows.length]).toEqual(['host,hostname,total_seconds', others.length + 1]);
      const listed = await mayfly('queries', '--json', '--data', deployment.server.data);
      expect(jsonLines(listed.stdout).flat()[0]).toMatchObject({ campaign: id, state: 'done', hosts: { answered: 3 } });
    },
    LONG_MS,
  );

  it(
    'withdraws a query from the hosts that have not taken it',
    async () => {
      const [away] = deployment.agents;
      await away?.stop();
      const { stderr } = await ask(SQL, '--host', away?.hostIdentifier ?? '', '--timeout', '1s');
      const [, id = ''] = /--resume (\w{10})/.exec(stderr) ?? [];
      expect((await ask(id, '--cancel')).code).toBe(0);
      const end = await ask(id);
      expect([end.code, end.stderr]).toEqual([4, expect.stringContaining('1 cancelled')]);
      away?.start();
    },
    LONG_MS,
  );

  it('never sends SQL that osquery would refuse, and names the reason', async () => {
    const before = (await mayfly('queries', '--json', '--data', deployment.server.data)).stdout;
    for (const [sql, why] of [
      ['SELECT pidd FROM processes', 'did you mean pid?'],
      ['SELECT pid FROM process', 'processes'],
      ['SELECT * FROM file', 'needs a constraint'],
      ['DELETE FROM users', 'only a SELECT is allowed'],
      ['SELECT 1; SELECT 2', 'only one statement'],
    ] as const) {
      const { code, stderr } = await ask(sql, '--all');
      expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
    }
    expect((await mayfly('queries', '--json', '--data', deployment.server.data)).stdout).toBe(before);
  });

  it.each([
    ['no node of that name', 1, [SQL, '--host', 'nobody'], 'no node is enrolled as nobody'],
    ['conditions that no node meets', 1, [SQL, '--where', 'profile=none'], 'no host to ask'],
    ['an unknown condition', 2, [SQL, '--where', 'profil=db'], 'is no attribute of a node'],
    ['no target', 2, [SQL], 'add --host H'],
    ['two targets', 2, [SQL, '--all', '--host', 'x'], 'cannot be used with'],
    ['an unknown id', 1, ['--resume', 'abcdefghij'], 'there is no query abcdefghij'],
  ])('exits with an error for %s', async (_, code, args, why) => {
    const ended = await ask(...args);
    expect([ended.code, ended.stderr, ended.stdout]).toEqual([code, expect.stringContaining(why), '']);
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  aFolder,
  aMayfly,
  CONFIG,
  FIXTURES,
  folderOf,
  jsonLines,
  mayfly,
  policySelecting,
  RUNNING,
  ruleSelecting,
} from '../../../support/command.ts';

const running = async (change: (detail: Record<string, unknown>) => object = () => ({})) => {
  const event = JSON.parse(await readFile(RUNNING, 'utf8'));
  return JSON.stringify({ ...event, detail: { ...event.detail, ...change(event.detail) } });
};
const runtimeIds = async (): Promise<string[]> =>
  JSON.parse(await readFile(RUNNING, 'utf8')).detail.containers.map(
    ({ runtimeId }: { runtimeId: string }) => runtimeId,
  );

describe('mayfly policy test', () => {
  it('shows which rule matches, its hosts, and the exact SQL', async () => {
    const { code, stdout } = await mayfly('policy', 'test', RUNNING, '--policy', await policySelecting('id, name'));
    expect(code).toBe(0);
    expect(stdout).toContain('05-ecs-task-ec2-running.json  aws.ecs · ECS Task State Change');
    expect(stdout).toContain('task  Which container is this?');
    expect(stdout).toMatch(/asks {4}the host of arn:aws:ecs:\S+:container-instance\/\S+/);
    const ids = (await runtimeIds()).map((id) => `'${id}'`).join(', ');
    expect(stdout).toContain(`SELECT id, name FROM docker_containers WHERE id IN (${ids})`);
    expect(stdout).toContain('for     10m, priority 5');
    expect(stdout).toContain('1 query: one poll takes it; a poll takes at most 3 with evidence and 3 others');
  });

  it('shows the post-mortem queries of a stopped task', async () => {
    const dir = await policySelecting('id, name');
    const { stdout } = await mayfly('policy', 'test', `${FIXTURES}/07-ecs-task-ec2-stopped.json`, '--policy', dir);
    expect(stdout).toMatch(/container \(post-mortem\)/);
    expect(stdout).toContain('for     3h');
  });

  it('shows the last-gasp queries of a task and an instance, with their priority and short expiry', async () => {
    const stopping = await folderOf({ 'stop.json': await running(() => ({ desiredStatus: 'STOPPED' })) });
    const task = await mayfly('policy', 'test', join(stopping, 'stop.json'), '--policy', 'policy');
    expect(task.stdout).toMatch(/ecs-task-last-gasp .*\n.*\n {4}for {5}2m, priority 0\n {4}container \(last-gasp\)\n/);
    expect(task.stdout).toMatch(/ecs-task-running .*\n.*\n {4}for {5}10m, priority 3\n {4}container\n/);
    const spot = `${FIXTURES}/20-ec2-spot-interruption-warning.json`;
    const { stdout } = await mayfly('policy', 'test', spot, '--policy', 'policy');
    expect(stdout).toMatch(/ec2-last-gasp .*\n {4}asks {4}i-0a1b2c3d4e5f60718\n {4}for {5}2m, priority 0\n/);
  });

  it('shows the hosts for a finding, or why there are none', async () => {
    const { stdout } = await mayfly(
      'policy',
      'test',
      `${FIXTURES}/25-guardduty-finding-ec2-instance.json`,
      '--policy',
      'policy',
    );
    expect(stdout).toMatch(/guardduty-host .*\n {4}asks {4}the host of i-0a1b2c3d4e5f60718\n/);
    const event = JSON.parse(await readFile(`${FIXTURES}/26-guardduty-finding-eks-runtime.json`, 'utf8'));
    event.detail.resource.instanceDetails = null;
    const dir = await folderOf({ 'pod.json': JSON.stringify(event) });
    const pod = await mayfly('policy', 'test', join(dir, 'pod.json'), '--policy', 'policy');
    expect(pod.stdout).toContain('asks    no host: the finding names no EC2 instance and no ECS task');
  });

  it('uses the live policy unless a folder is given', async () => {
    const { data } = await aMayfly();
    await mayfly('policy', 'push', await policySelecting('id, image'), '--data', data, '-m', 'first');
    const { stdout } = await mayfly('policy', 'test', RUNNING, '--data', data);
    expect(stdout).toContain('SELECT id, image FROM docker_containers');
  });

  it('reports when no rule matches', async () => {
    const dir = await policySelecting('id');
    const { code, stdout } = await mayfly(
      'policy',
      'test',
      `${FIXTURES}/30-ecr-image-action-push.json`,
      '--policy',
      dir,
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining('no rule matches: no query is sent')]);
  });

  it('lists ids outside the alphabet, which are left out', async () => {
    const events = await folderOf({
      'hostile.json': await running(() => ({ containers: [{ runtimeId: 'good1' }, { runtimeId: "x' OR 1=1 --" }] })),
    });
    const { stdout } = await mayfly(
      'policy',
      'test',
      join(events, 'hostile.json'),
      '--policy',
      await policySelecting('id'),
    );
    expect(stdout).toContain("WHERE id IN ('good1')");
    expect(stdout).toContain("left out: x' OR 1=1 --");
  });

  it('explains why a query would not be queued', async () => {
    const events = await folderOf({
      'empty.json': await running(() => ({ containers: [] })),
      'hostless.json': await running(() => ({ containerInstanceArn: undefined })),
    });
    const dir = await policySelecting('id');
    const empty = await mayfly('policy', 'test', join(events, 'empty.json'), '--policy', dir);
    expect(empty.stdout).toContain('not sent: the value it binds is not in this event');
    expect(empty.stdout).toContain('no query is sent');
    const hostless = await mayfly('policy', 'test', join(events, 'hostless.json'), '--policy', dir);
    expect(hostless.stdout).toContain('no host: the event names no container instance');
  });

  it('shows the effect of limits', async () => {
    const queries = Array.from({ length: 7 }, (_, n) => `    q${n}: { sql: 'SELECT pid FROM processes' }\n`).join('');
    const rule = ruleSelecting('id').replace('  queries:\n', `  queries:\n${queries}`);
    const dir = await folderOf({
      'rules/task.yaml': rule,
      'config/default.yaml': CONFIG,
      'policy.yaml': 'limits: { pending_per_host: 5, queries_per_delivery: 2, spacing: 90s }\n',
    });
    const { stdout } = await mayfly('policy', 'test', RUNNING, '--policy', dir);
    expect(stdout).toContain(
      '8 queries: 3 polls take them; a poll takes at most 2 with evidence and 2 others; 3 are dropped, as a host may have 5 pending; the same query is not repeated for 90s',
    );
  });

  it('prints one object for each event of each file with --json', async () => {
    const events = await folderOf({ 'two.json': `[${await running()},${await running()}]` });
    const { stdout } = await mayfly(
      'policy',
      'test',
      RUNNING,
      join(events, 'two.json'),
      '--policy',
      await policySelecting('id'),
      '--json',
    );
    const lines = jsonLines(stdout);
    expect(lines.map(({ file }) => file)).toEqual(['05-ecs-task-ec2-running.json', 'two.json', 'two.json']);
    expect(lines[0]).toMatchObject({ matches: [{ rule: 'task', queries: [{ name: 'container', set: 'live' }] }] });
  });

  it.each([
    ['[1, 2]', 'not an event'],
    ['{"a":', 'not JSON'],
  ])('rejects %s', async (text, message) => {
    const events = await folderOf({ 'bad.json': text });
    const { code, stderr } = await mayfly(
      'policy',
      'test',
      join(events, 'bad.json'),
      '--policy',
      await policySelecting('id'),
    );
    expect([code, stderr]).toEqual([1, expect.stringMatching(`bad.json: ${message}`)]);
  });

  it('rejects a missing file, and a folder with errors', async () => {
    const absent = await mayfly(
      'policy',
      'test',
      join(await aFolder(), 'x.json'),
      '--policy',
      await policySelecting('id'),
    );
    expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining('there is no file')]);
    const bad = await mayfly('policy', 'test', RUNNING, '--policy', await policySelecting('no_such'));
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('error:')]);
  });
});

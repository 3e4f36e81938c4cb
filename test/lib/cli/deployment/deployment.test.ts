import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import { openTable } from '../../../../lib/aws/table/table.ts';
import { openDeployment } from '../../../../lib/cli/deployment/deployment.ts';
import { registerOpener } from '../../../../lib/cli/deployment/local-mayfly.ts';
import { patiently, ticking } from '../../../../lib/cli/terminal/print.ts';
import { openCopy, openLeft } from '../../../../workbench/local-aws/index.ts';
import { takeFolder } from '../../../../workbench/local-aws/machine/data-folder.ts';
import { aVersion } from '../../../support/a-policy.ts';
import { aFolder, aMayfly, folderOf, jsonLines, mayfly } from '../../../support/command.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { restoreEnvironment } from '../../../support/environment.ts';
import { onTerminal } from '../../../support/terminal.ts';

const AWS = {
  AWS_ENDPOINT_URL_DYNAMODB: process.env.TEST_DYNAMODB_ENDPOINT,
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};

const LOCAL = { accessKeyId: 'local', secretAccessKey: 'local' };

const stack = (Outputs: { OutputKey: string; OutputValue: string }[]) => ({
  StackName: 'Mayfly',
  CreationTime: new Date(0),
  StackStatus: 'CREATE_COMPLETE' as const,
  Outputs,
});

describe('the Mayfly that a policy command is about', () => {
  const before = { ...process.env };
  const cloudformation = mockClient(CloudFormationClient);
  afterAll(() => cloudformation.restore());
  beforeEach(() => {
    Object.assign(process.env, AWS);
  });
  afterEach(() => {
    restoreEnvironment(before);
    cloudformation.reset();
  });

  it('is the local one', async () => {
    const { data, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    expect(await mayfly('policy', 'history', '--data', data)).toMatchObject({ code: 0 });
  });

  it('is found again after it has restarted, with another port and another credential', async () => {
    const { data, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    const file = join(data, 'ready.json');
    const ready = JSON.parse(await readFile(file, 'utf8'));
    const credentials = { accessKeyId: 'before', secretAccessKey: 'before' };
    await writeFile(file, JSON.stringify({ ...ready, dynamodb: 'http://127.0.0.1:1', credentials }));
    const { deployment, close } = await openDeployment({ data });
    await expect(deployment.store.current()).rejects.toThrow('ECONNREFUSED');
    await writeFile(file, JSON.stringify(ready));
    expect(await deployment.store.current()).toMatchObject({ version: 1 });
    await close();
  });

  it('can be named by its table', async () => {
    const { table, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    const { stdout } = await mayfly('policy', 'history', '--table', table.name, '--json');
    expect(jsonLines(stdout)).toEqual([[expect.objectContaining({ version: 1 })]]);
  });

  it('can be chosen by its stack, whose outputs name the table', async () => {
    const { table, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    cloudformation.on(DescribeStacksCommand, { StackName: 'Mayfly' }).resolves({
      Stacks: [
        stack([
          { OutputKey: 'Other', OutputValue: 'x' },
          { OutputKey: 'TableName', OutputValue: table.name },
        ]),
      ],
    });
    const { stdout } = await mayfly('policy', 'history', '--stack', 'Mayfly', '--json');
    expect(jsonLines(stdout)).toEqual([[expect.objectContaining({ version: 1 })]]);
  });

  describe('in a nested stack', () => {
    const outputsOf = (name: string) =>
      ['TableName', 'BusName', 'ResultsBucket', 'Hostname'].map((end) => ({
        OutputKey: `Mayfly${end}`,
        OutputValue: name,
      }));
    /** Stacks nested in each stack, as CloudFormation lists them. */
    const nesting = (stacks: Readonly<Record<string, readonly string[]>>) => {
      cloudformation.on(DescribeStacksCommand).resolves({ Stacks: [stack([])] });
      cloudformation.on(ListStackResourcesCommand).resolves({});
      for (const [StackName, names] of Object.entries(stacks)) {
        const nested = names.map((name) => ({
          LogicalResourceId: name,
          PhysicalResourceId: `arn:aws:cloudformation:eu-west-1:111122223333:stack/${name}/0a1b`,
          ResourceType: 'AWS::CloudFormation::Stack',
          LastUpdatedTimestamp: new Date(0),
          ResourceStatus: 'CREATE_COMPLETE' as const,
        }));
        cloudformation.on(ListStackResourcesCommand, { StackName }).resolves({ StackResourceSummaries: nested });
      }
    };

    it('is found by the name of a stack around it', async () => {
      const { table, store } = await aMayfly();
      await store.push(aVersion(1), 0);
      nesting({ Platform: ['Network', 'Osquery'], Osquery: ['Inner'] });
      const Stacks = [stack(outputsOf(table.name))];
      cloudformation.on(DescribeStacksCommand, { StackName: 'Inner' }).resolves({ Stacks });
      expect(await mayfly('policy', 'history', '--stack', 'Platform')).toMatchObject({ code: 0 });
    });

    it('has to be named if there are several', async () => {
      nesting({ Platform: ['One', 'Two'] });
      for (const StackName of ['One', 'Two'])
        cloudformation.on(DescribeStacksCommand, { StackName }).resolves({ Stacks: [stack(outputsOf('t'))] });
      expect(await mayfly('policy', 'history', '--stack', 'Platform')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('several nested stacks: name one of them, --stack One or --stack Two'),
      });
    });
  });

  it('is one of several in a stack: then --id chooses, and without it the command names them', async () => {
    const { table, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    const outputsOf = (id: string, name: string) =>
      ['TableName', 'BusName', 'ResultsBucket', 'Hostname'].map((end) => ({ OutputKey: id + end, OutputValue: name }));
    cloudformation.on(DescribeStacksCommand).resolves({
      Stacks: [
        stack([...outputsOf('TeamA', table.name), ...outputsOf('TeamB', 'b'), ...outputsOf('', 'old').slice(1)]),
      ],
    });
    const named = await mayfly('policy', 'history', '--stack', 'Mayfly', '--id', 'Team-A', '--json');
    expect(jsonLines(named.stdout)).toEqual([[expect.objectContaining({ version: 1 })]]);
    const { code, stderr } = await mayfly('policy', 'history', '--stack', 'Mayfly');
    expect([code, stderr]).toEqual([1, expect.stringContaining('choose one with --id, of TeamA, TeamB')]);
  });

  it('is asked through the bus of its stack if it is named by its table', async () => {
    const { table, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    const ends = ['BusName', 'ResultsBucket', 'Hostname'];
    const outputs = ends.map((end) => ({ OutputKey: `Mayfly${end}`, OutputValue: `my-${end}` }));
    const Outputs = [...outputs, { OutputKey: 'MayflyTableName', OutputValue: table.name }];
    cloudformation.on(DescribeStacksCommand, { StackName: 'Mayfly' }).resolves({ Stacks: [stack(Outputs)] });
    cloudformation.on(DescribeStackResourcesCommand, { PhysicalResourceId: table.name }).resolves({
      StackResources: [
        {
          ...{ StackName: 'Mayfly', LogicalResourceId: 'T', ResourceType: 'AWS::DynamoDB::Table' },
          ...{ Timestamp: new Date(0), ResourceStatus: 'CREATE_COMPLETE' },
        },
      ],
    });
    const bus = mockClient(EventBridgeClient);
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'event-1' }] });
    expect(await mayfly('request', 'ask-1', '--table', table.name)).toMatchObject({ code: 0 });
    expect(await mayfly('request', 'ask-1', '--table', table.name, '--bus', 'own')).toMatchObject({ code: 0 });
    const buses = bus.commandCalls(PutEventsCommand).map(({ args: [{ input }] }) => input.Entries?.[0]?.EventBusName);
    expect(buses).toEqual(['my-BusName', 'own']);
    bus.restore();
  });

  it('cannot be named by both', async () => {
    const { code, stderr } = await mayfly('policy', 'history', '--stack', 'Mayfly', '--table', 'table');
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be used with')]);
  });

  it.each([
    ['a stack that does not exist', [], 'there is no stack Mayfly in eu-west-1'],
    ['a stack that is not ours', [stack([])], 'has an output TableName'],
  ])('%s is reported with the next step', async (_, stacks, message) => {
    const unknown = Object.assign(new Error('Stack with id Mayfly does not exist'), { name: 'ValidationError' });
    cloudformation.on(ListStackResourcesCommand).resolves({});
    if (stacks.length > 0) cloudformation.on(DescribeStacksCommand).resolves({ Stacks: stacks });
    else cloudformation.on(DescribeStacksCommand).rejects(unknown);
    const { code, stderr } = await mayfly('policy', 'show', '--stack', 'Mayfly');
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  it.each([
    ['CredentialsProviderError', 'aws sso login'],
    ['ExpiredTokenException', 'sign in again'],
    ['AccessDeniedException', 'you need cloudformation:DescribeStacks'],
  ])('%s is reported with the next step', async (name, message) => {
    cloudformation.on(DescribeStacksCommand).rejects(Object.assign(new Error('no'), { name }));
    const { code, stderr } = await mayfly('policy', 'show', '--stack', 'Mayfly');
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  it('must exist', async () => {
    const { code, stderr } = await mayfly('policy', 'show', '--table', 'no-such-table');
    expect([code, stderr]).toEqual([1, expect.stringContaining('the table no-such-table does not exist')]);
    const unknown = Object.assign(new Error('Stack for no-such-table does not exist'), { name: 'ValidationError' });
    cloudformation.on(DescribeStackResourcesCommand).rejects(unknown);
    const status = await mayfly('dlq', 'list', '--table', 'no-such-table');
    expect([status.code, status.stderr]).toEqual([
      1,
      expect.stringContaining('no stack has a table no-such-table in eu-west-1'),
    ]);
  });

  it('must have run here', async () => {
    const { code, stderr } = await mayfly('policy', 'show', '--data', await aFolder());
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no Mayfly has run in .*npx mayfly local.*--stack NAME/)]);
  });

  it('must be running', async () => {
    // Port 9 is "discard": nothing listens there, and no other program takes it.
    const ready = { dynamodb: 'http://127.0.0.1:9', tableName: 'mayfly' };
    const data = await folderOf({ 'ready.json': JSON.stringify(ready) });
    const { code, stderr } = await mayfly('policy', 'show', '--data', data);
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not running: start it with "npx mayfly local')]);
  });

  it('is read from its data folder when it is stopped', async () => {
    const data = await aFolder();
    const left = await openLeft(data);
    const client = new DynamoDBClient({
      endpoint: left?.endpoint ?? '',
      region: 'us-east-1',
      credentials: left?.credentials ?? LOCAL,
    });
    const table = await aTable(client);
    await new DynamoPolicyStore(table).push(aVersion(1), 0);
    client.destroy();
    await left?.close();
    // Nothing listens at its old address any more.
    const ready = { dynamodb: 'http://127.0.0.1:9', embedded: true, tableName: table.name };
    await writeFile(join(data, 'ready.json'), JSON.stringify(ready));

    const { code, stdout, stderr } = await mayfly('policy', 'history', '--data', data, '--json');
    expect([code, jsonLines(stdout), stderr]).toEqual([
      0,
      [[expect.objectContaining({ version: 1 })]],
      `{"note":"No Mayfly runs in ${data} now: reading the table in its data folder."}\n`,
    ]);

    const release = await takeFolder(data); // as a starting Mayfly does
    const other = await mayfly('policy', 'history', '--data', data);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('or wait until it is up')]);
    await release();
  });

  it('lets a Mayfly start while the copy of its stopped table is read, and then reads that one', async () => {
    const data = await aFolder();
    const asMayfly = async (work: (client: DynamoDBClient) => Promise<string>) => {
      const running = await openLeft(data);
      if (!running) throw new Error('the folder is locked');
      const { endpoint, credentials } = running;
      const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
      const tableName = await work(client);
      const ready = { dynamodb: endpoint, credentials, embedded: true, tableName };
      await writeFile(join(data, 'ready.json'), JSON.stringify(ready));
      client.destroy();
      return { tableName, close: running.close };
    };
    const first = await asMayfly(async (client) => {
      const table = await aTable(client);
      await new DynamoPolicyStore(table).push(aVersion(1), 0);
      return table.name;
    });
    await first.close();

    registerOpener({ open: openLeft, copy: openCopy });
    const { deployment, close } = await openDeployment({ data }, 'copy');
    expect(await deployment.store.current()).toMatchObject({ version: 1 });
    const second = await asMayfly(async (client) => {
      await new DynamoPolicyStore(openTable(first.tableName, client)).push(aVersion(2), 1);
      return first.tableName;
    });
    expect(await deployment.store.current()).toMatchObject({ version: 2 });
    await second.close();
    await close();
  });

  it('leaves no copy of its stopped table behind when a command ends before it closes the copy', async () => {
    const data = await aFolder();
    await (await openLeft(data))?.close();
    const before = process.listeners('exit');
    const { TMPDIR } = process.env;
    process.env.TMPDIR = await aFolder();
    try {
      const ended = await openCopy(data);
      expect(await readdir(process.env.TMPDIR)).toHaveLength(1);
      const atExit = process.listeners('exit').filter((listener) => !before.includes(listener));
      for (const listener of atExit) listener(0);
      expect(await readdir(process.env.TMPDIR)).toEqual([]);

      const closed = await openCopy(data);
      await Promise.all([ended?.close(), closed?.close()]);
      expect(await readdir(process.env.TMPDIR)).toEqual([]);
      expect(process.listeners('exit')).toEqual(before);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });

  it('rejects a request if nothing runs there to handle it', async () => {
    const { table, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    const ready = { dynamodb: process.env.TEST_DYNAMODB_ENDPOINT, tableName: table.name, events: 'http://127.0.0.1:9' };
    const data = await folderOf({ 'ready.json': JSON.stringify(ready) });
    const { code, stderr } = await mayfly('request', 'ask-1', '--data', data);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/that could handle it: start it with "npx mayfly local/)]);
  });

  it('may have no policy yet', async () => {
    const { data } = await aMayfly();
    const { code, stderr } = await mayfly('policy', 'show', '--data', data);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('has no policy: its deployment stores the default policy'),
    ]);
  });
});

describe('a command that waits', () => {
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('names what it waits for after two seconds, not before', async () => {
    jest.useFakeTimers();
    const said: string[] = [];
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    let finish: (value: string) => void = () => undefined;
    const waiting = patiently(
      'Waiting for the table',
      new Promise<string>((resolve) => {
        finish = resolve;
      }),
    );
    jest.advanceTimersByTime(1999);
    expect(said).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(said).toEqual(['Waiting for the table …\n']);
    finish('there');
    expect(await waiting).toBe('there');
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['on a terminal, in its place', true, ['\r0 s\u001b[K', '\r1 s\u001b[K', '\r\u001b[K']],
    ['elsewhere, in a line every few seconds', false, ['0 s\n', '5 s\n']],
  ])('reports its progress %s', async (_, isTTY, expected) => {
    jest.useFakeTimers();
    const said: string[] = [];
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    await onTerminal(process.stderr, isTTY, () => {
      const done = ticking((took) => `${took} s`);
      jest.advanceTimersByTime(isTTY ? 1000 : 5000);
      done();
    });
    expect(said).toEqual(expected);
    expect(jest.getTimerCount()).toBe(0);
  });
});

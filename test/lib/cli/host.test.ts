import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { lintFlagfile } from '../../../lib/cli/host/lint-flagfile.ts';
import { flagfile } from '../../../lib/stack/hosts/flagfile.ts';
import { userDataScript } from '../../../lib/stack/hosts/user-data-script.ts';
import { mayfly } from '../../support/command.ts';

const SHARED = flagfile({ hostname: 'abc.execute-api.eu-west-1.amazonaws.com', pathPrefix: '/prod' });
const WHOLE = `${SHARED}\n--specified_identifier=i-0a1b2c3d4e5f60718\n`;
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:MayflyEnroll-x';

const cloudformation = mockClient(CloudFormationClient);
afterAll(() => cloudformation.restore());
afterEach(() => {
  cloudformation.reset();
});
const aStack = (outputs: Readonly<Record<string, string>>) =>
  cloudformation.on(DescribeStacksCommand).resolves({
    Stacks: [
      {
        StackName: 'Mayfly',
        CreationTime: new Date(0),
        StackStatus: 'CREATE_COMPLETE',
        Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
      },
    ],
  });
const aResource = (PhysicalResourceId: string) => ({
  ...{
    StackName: 'Mayfly',
    LogicalResourceId: 'MayflyTable',
    PhysicalResourceId,
    ResourceType: 'AWS::DynamoDB::Table',
  },
  ...{ Timestamp: new Date(0), ResourceStatus: 'CREATE_COMPLETE' as const },
});
const NAMES = {
  MayflyTableName: 't',
  MayflyBusName: 'b',
  MayflyResultsBucket: 'r',
  MayflyHostname: 'abc.execute-api.eu-west-1.amazonaws.com',
};

describe('mayfly host flags', () => {
  it("prints the flagfile of a stack's outputs", async () => {
    aStack({ ...NAMES, MayflyFlagfile: SHARED, MayflyEnrollSecretArn: ARN });
    expect(await mayfly('host', 'flags', '--stack', 'Mayfly')).toEqual({ code: 0, stdout: `${SHARED}\n`, stderr: '' });
  });

  it('prints the flagfile of a local Mayfly', async () => {
    const data = await mkdtemp(join(tmpdir(), 'mayfly-host-'));
    await writeFile(join(data, 'osquery.flags'), `${SHARED}\n`);
    await writeFile(join(data, 'ready.json'), JSON.stringify({ flagfile: join(data, 'osquery.flags') }));
    expect((await mayfly('host', 'flags', '--data', data)).stdout).toBe(`${SHARED}\n`);
  });

  it('names the next step if the stack is of an early version', async () => {
    aStack(NAMES);
    expect(await mayfly('host', 'flags', '--stack', 'Mayfly')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('deploy it again'),
    });
  });

  it('finds the stack of a table', async () => {
    aStack({ ...NAMES, MayflyFlagfile: SHARED, MayflyEnrollSecretArn: ARN });
    cloudformation.on(DescribeStackResourcesCommand).resolves({ StackResources: [aResource('t')] });
    expect(await mayfly('host', 'flags', '--table', 't')).toMatchObject({ code: 0, stdout: `${SHARED}\n` });
    cloudformation.on(DescribeStackResourcesCommand).resolves({ StackResources: [aResource('other')] });
    expect(await mayfly('host', 'flags', '--table', 'other')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the table other is of the stack Mayfly, which has no Mayfly with it'),
    });
  });
});

describe('mayfly host user-data', () => {
  /** Runs the script in a folder of its own, with the commands that an instance has. */
  async function run(attest: boolean) {
    const dir = await mkdtemp(join(tmpdir(), 'mayfly-user-data-'));
    const stubs = {
      curl: 'case "$*" in */api/token) echo token;; */instance-id) echo i-0a1b2c3d4e5f60718;; */document) echo "{}";; */signature) echo sig;; esac',
      aws: 'echo "$@" >>"$LOG"; echo secret',
      osqueryd: 'exit 1',
      systemctl: 'echo "$@" >>"$LOG"',
    };
    for (const [name, body] of Object.entries(stubs))
      await writeFile(join(dir, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
    const script = userDataScript({ flagfile: SHARED, enrollSecretArn: ARN, region: 'eu-west-1', attest }).replaceAll(
      '/etc/osquery',
      dir,
    );
    const log = join(dir, 'log');
    execFileSync('bash', ['--norc', '-c', script], { env: { PATH: `${dir}:${process.env.PATH}`, LOG: log } });
    const read = (file: string) => readFile(join(dir, file), 'utf8');
    return { flags: await read('osquery.flags'), secret: await read('enroll_secret'), log: await read('log') };
  }

  it('writes a flagfile that the lint accepts, and the secret, and restarts osqueryd', async () => {
    const { flags, secret, log } = await run(false);
    expect(lintFlagfile(flags)).toEqual([]);
    expect(flags).toContain('--specified_identifier=i-0a1b2c3d4e5f60718\n');
    expect(secret).toBe('secret');
    expect(log).toContain(`--region eu-west-1 --secret-id ${ARN}`);
    expect(log).toContain('restart osqueryd');
  });

  it('adds the signed identity document if asked', async () => {
    expect((await run(true)).secret).toBe(`secret.${Buffer.from('{}\n').toString('base64')}.sig`);
  });

  it('needs a stack in AWS', async () => {
    expect(await mayfly('host', 'user-data')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--stack NAME'),
    });
    aStack({ ...NAMES, MayflyFlagfile: SHARED, MayflyEnrollSecretArn: ARN });
    const { code, stdout } = await mayfly('host', 'user-data', '--stack', 'Mayfly', '--attest');
    expect([code, stdout.split('\n')[0], stdout.includes('imds signature')]).toEqual([0, '#!/bin/bash', true]);
  });
});

describe('mayfly host lint', () => {
  const without = (name: string) => WHOLE.replace(new RegExp(`--${name}=.*\n`), '');
  const having = (name: string, value: string) => WHOLE.replace(new RegExp(`--${name}=.*`), `--${name}=${value}`);

  it('finds nothing in the flagfile that Mayfly prints', () => {
    expect(lintFlagfile(WHOLE)).toEqual([]);
  });

  it.each([
    'tls_hostname',
    'enroll_tls_endpoint',
    'enroll_secret_path',
    'config_plugin',
    'config_tls_endpoint',
    'logger_plugin',
    'logger_tls_endpoint',
    'disable_distributed',
    'distributed_plugin',
    'distributed_tls_read_endpoint',
    'distributed_tls_write_endpoint',
    'specified_identifier',
  ])('finds that --%s is missing', (name) => {
    expect(lintFlagfile(without(name))).toEqual([expect.objectContaining({ level: 'error', flag: name })]);
  });

  it.each([
    ['tls_hostname', 'https://mayfly.example.com'],
    ['disable_distributed', 'true'],
    ['config_plugin', 'filesystem'],
    ['logger_plugin', 'filesystem'],
    ['enroll_tls_endpoint', 'prod/enroll'],
    ['distributed_tls_read_endpoint', '/prod/distributed/write'],
  ])('refuses --%s=%s, with its line', (name, value) => {
    const line = WHOLE.split('\n').findIndex((text) => text.startsWith(`--${name}=`)) + 1;
    expect(lintFlagfile(having(name, value))).toEqual([expect.objectContaining({ level: 'error', flag: name, line })]);
  });

  it.each([
    ['host_identifier', having('host_identifier', 'hostname')],
    ['distributed_interval', having('distributed_interval', '300')],
    ['config_refresh', without('config_refresh')],
    ['database_path', `${WHOLE}--database_path=/tmp/osquery.db\n`],
    ['distributed_intervall', `${WHOLE}--distributed_intervall=5\n`],
    ['tls_hostname', `${WHOLE}--tls_hostname=other.example.com\n`],
  ])('warns about --%s', (name, text) => {
    expect(lintFlagfile(text)).toContainEqual(expect.objectContaining({ level: 'warning', flag: name }));
    expect(lintFlagfile(text).filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('accepts the paths of other servers', () => {
    const fleet = having('enroll_tls_endpoint', '/prod/api/osquery/enroll');
    expect(lintFlagfile(fleet)).toEqual([]);
  });

  it('finds paths without the stage, and pinned certificates, behind the name that API Gateway gives', () => {
    const fleet = having('enroll_tls_endpoint', '/api/osquery/enroll');
    expect(lintFlagfile(fleet)).toEqual([
      expect.objectContaining({
        level: 'error',
        flag: 'enroll_tls_endpoint',
        message: expect.stringContaining('stage'),
      }),
    ]);
    expect(lintFlagfile(fleet.replace(/--tls_hostname=.*/, '--tls_hostname=osquery.example.com'))).toEqual([]);
    expect(lintFlagfile(`${WHOLE}--tls_server_certs=/etc/osquery/fleet.pem\n`)).toEqual([
      expect.objectContaining({ level: 'warning', flag: 'tls_server_certs' }),
    ]);
  });

  it('prints each problem with file and line, escaped, and fails only on errors', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'mayfly-host-')), 'osquery.flags');
    await writeFile(file, `${WHOLE}tls_hostname \u001b[31mred\n`);
    const { code, stdout } = await mayfly('host', 'lint', file);
    expect(code).toBe(1);
    expect(stdout).toContain(`${file}:${WHOLE.split('\n').length}  error`);
    expect(stdout).not.toContain('\u001b');
    await writeFile(file, having('host_identifier', 'uuid'));
    const json = await mayfly('host', 'lint', file, '--json');
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      errors: 0,
      problems: [{ severity: 'warning' }, { severity: 'warning' }],
    });
  });

  it('says that a file is missing', async () => {
    expect(await mayfly('host', 'lint', '/no/such.flags')).toMatchObject({
      code: 1,
      stderr: 'mayfly: there is no file /no/such.flags\n',
    });
  });
});

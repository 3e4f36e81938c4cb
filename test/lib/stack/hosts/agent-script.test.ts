import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lintFlagfile } from '../../../../lib/cli/host/lint-flagfile.ts';
import { type AgentSettings, agentScript, type IdentifierSource } from '../../../../lib/stack/hosts/agent-script.ts';
import { flagfile } from '../../../../lib/stack/hosts/flagfile.ts';
import { aFolder } from '../../../support/folder.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const TASK_ID = 'a87d86906d345f62b49f844f11a10b3e';
const DOCUMENT = '{\n  "instanceId" : "i-0a1b2c3d4e5f60718"\n}';
const SHARED = flagfile({ hostname: 'abc.execute-api.eu-west-1.amazonaws.com', pathPrefix: '/prod' });

const BODIES: Readonly<Record<string, string>> = {
  'PUT /latest/api/token': 'token',
  'GET /latest/meta-data/instance-id': INSTANCE,
  'GET /latest/dynamic/instance-identity/document': DOCUMENT,
  'GET /latest/dynamic/instance-identity/signature': 'c2ln\nbmF0dXJl',
  'GET /v4/0a1b-2c3d/task': JSON.stringify({
    Cluster: 'arn:aws:ecs:eu-west-1:111122223333:cluster/web',
    TaskARN: `arn:aws:ecs:eu-west-1:111122223333:task/web/${TASK_ID}`,
    Containers: [{ Labels: { 'com.amazonaws.ecs.task-arn': 'arn:aws:ecs:eu-west-1:111122223333:task/web/other' } }],
  }),
};

/** The metadata services of EC2 and ECS; EC2's wants its token. */
const metadata = createServer(({ method, url = '', headers }, response) => {
  const body = BODIES[`${method} ${url}`];
  const isAllowed = !/^.latest.(meta|dynamic)/.test(url) || headers['x-aws-ec2-metadata-token'] === 'token';
  response.writeHead(body !== undefined && isAllowed ? 200 : 401).end(body);
});
beforeAll(() => new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => metadata.close(resolve)));

/** Runs the script with an osqueryd that prints its flags and its secret. */
async function run(source: IdentifierSource, settings: Partial<AgentSettings> = {}, env: NodeJS.ProcessEnv = {}) {
  const folder = aFolder();
  const osqueryd = '#!/bin/bash\nprintf "%s\\n" "$@"\necho "secret=$ENROLL_SECRET"\n';
  await writeFile(join(folder, 'osqueryd'), osqueryd, { mode: 0o755 });
  const { port } = metadata.address() as AddressInfo;
  const script = agentScript(source, { flagfile: SHARED, attest: false, ...settings });
  const { stdout } = await promisify(execFile)(
    'bash',
    ['--norc', '-c', script.replace('/dev/tcp/$2/80', `/dev/tcp/127.0.0.1/${port}`)],
    { env: { PATH: `${folder}:${process.env.PATH}`, ENROLL_SECRET: 'secret', ...env } },
  );
  const lines = stdout.trimEnd().split('\n');
  return { flags: lines.slice(0, -1), secret: lines.at(-1) };
}

describe('the script of an agent in a container', () => {
  it('names the host by its instance id', async () => {
    const { flags, secret } = await run('instance');
    expect(flags).toContain(`--specified_identifier=${INSTANCE}`);
    expect(secret).toBe('secret=secret');
  });

  it('names a task on Fargate by its id', async () => {
    const env = { ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/0a1b-2c3d' };
    expect((await run('task', {}, env)).flags).toContain(`--specified_identifier=${TASK_ID}`);
  });

  it('names a Kubernetes node by its name', async () => {
    expect((await run('node-name', {}, { NODE_NAME: 'worker-1' })).flags).toContain('--specified_identifier=worker-1');
  });

  it('passes the flags of the flagfile, and the secret by its variable', async () => {
    const { flags } = await run('instance');
    expect(lintFlagfile(flags.join('\n'))).toEqual([]);
    const shared = SHARED.split('\n').filter((line) => line.startsWith('--') && !line.includes('enroll_secret_path'));
    expect(flags).toEqual(expect.arrayContaining([...shared, '--enroll_secret_env=ENROLL_SECRET']));
    expect(flags.join()).not.toContain('enroll_secret_path');
  });

  it('adds the signed identity document to the secret if asked', async () => {
    const { secret } = await run('instance', { attest: true });
    expect(secret).toBe(`secret=secret.${Buffer.from(DOCUMENT).toString('base64')}.c2lnbmF0dXJl`);
  });

  it('refuses to add it for a host that is no instance', () => {
    expect(() => agentScript('task', { flagfile: SHARED, attest: true })).toThrow('named by its task');
  });

  it('ends if it finds no identifier, so that no host enrolls without a name', async () => {
    const env = { ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/unknown' };
    await expect(run('task', {}, env)).rejects.toMatchObject({ code: 1 });
    await expect(run('node-name', {}, { NODE_NAME: '' })).rejects.toMatchObject({
      stderr: 'mayfly: found no host identifier\n',
    });
  });
});

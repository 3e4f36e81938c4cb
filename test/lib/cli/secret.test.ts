import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../lib/aws/nodes/node-directory.ts';
import { directoryEntryOf } from '../../../lib/core/nodes/directory.ts';
import { jsonLines } from '../../support/command.ts';
import { aMayflyWithQueues } from './mayfly-with-queues.ts';

let cared: Awaited<ReturnType<typeof aMayflyWithQueues>>;
afterEach(() => cared.close());

const secretIn = (file: string): string => readFileSync(join(cared.data, 'secrets', file), 'utf8');
const statuses = async () => jsonLines((await cared.ask('secret', 'status', '--json')).stdout)[0];

describe('mayfly secret', () => {
  it('status lists every secret with its age and its nodes, and no value', async () => {
    cared = await aMayflyWithQueues();
    const node = await cared.world.aNode('web-1', {});
    await new DynamoNodeDirectory(cared.world.table, Date.now).record(directoryEntryOf(node), Date.now() + 60_000);
    expect(await statuses()).toEqual([
      { name: 'default', arn: 'arn:of:EnrollSecret', currentSince: expect.any(String), previousFrom: null, nodes: 1 },
      { name: 'web', arn: 'arn:of:NamedSecretArnweb', currentSince: expect.any(String), previousFrom: null, nodes: 0 },
      { name: 'node keys', arn: expect.any(String), currentSince: expect.any(String), previousFrom: null, nodes: null },
    ]);
    const { stdout } = await cared.ask('secret', 'status');
    expect(stdout).toMatch(/^default +\d+s +- +1$/m);
    expect(stdout).not.toContain(secretIn('EnrollSecret'));
  });

  it('rotate keeps the value before, and retire removes it', async () => {
    cared = await aMayflyWithQueues();
    const before = secretIn('EnrollSecret');
    const { code, stdout } = await cared.ask('secret', 'rotate', '--yes');
    expect([code, stdout]).toEqual([0, expect.stringContaining(`npx mayfly secret retire --data ${cared.data}`)]);
    expect(secretIn('EnrollSecret')).toMatch(/^[A-Za-z0-9]{48}$/);
    expect(secretIn('EnrollSecret')).not.toBe(before);
    expect(secretIn('EnrollSecret.previous')).toBe(before);
    expect(stdout).not.toContain(secretIn('EnrollSecret'));
    expect(await statuses()).toMatchObject([{ previousFrom: expect.any(String) }, {}, {}]);

    const [retired] = jsonLines((await cared.ask('secret', 'retire', '--yes', '--json')).stdout);
    expect(retired).toEqual({ name: 'default', arn: 'arn:of:EnrollSecret', rotated: false, previousAccepted: false });
    expect(() => secretIn('EnrollSecret.previous')).toThrow('ENOENT');
    expect((await cared.ask('secret', 'retire', '--yes')).stderr).toContain('no previous value');
  });

  it('rotate asks first, and says whose value is lost', async () => {
    cared = await aMayflyWithQueues();
    await cared.ask('secret', 'rotate', 'web', '--yes');
    const before = secretIn('NamedSecretArnweb');
    const { code, stderr } = await cared.ask('secret', 'rotate', 'web', '--json');
    expect([code, JSON.parse(stderr).error]).toEqual([
      1,
      { code: 'UNCONFIRMED', message: expect.stringContaining('no longer accepted then'), next: 'add --yes' },
    ]);
    expect(secretIn('NamedSecretArnweb')).toBe(before);
  });

  it('changes the key of node keys only when asked to by its own option', async () => {
    cared = await aMayflyWithQueues();
    await cared.ask('secret', 'rotate', '--node-key', '--yes');
    expect(secretIn('NodeKeySecret')).toMatch(/^[A-Za-z0-9]{64}$/);
    expect(await cared.ask('secret', 'rotate', 'web', '--node-key', '--yes')).toMatchObject({ code: 2 });
  });

  it('names the secrets that exist for one that does not', async () => {
    cared = await aMayflyWithQueues();
    const { stderr } = await cared.ask('secret', 'rotate', 'db', '--yes');
    expect(stderr).toMatch(/has no secret db: it has default, web, node keys/);
  });
});

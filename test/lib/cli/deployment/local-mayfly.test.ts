import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { READY_FILE, readyReader } from '../../../../lib/cli/deployment/local-mayfly.ts';
import { replaceFile } from '../../../../workbench/local-aws/machine/replace-file.ts';
import { aFolder } from '../../../support/folder.ts';

describe('the reader of where a local Mayfly runs', () => {
  it('reads the file again after a start has replaced it, and not before', async () => {
    const data = aFolder();
    const start = (dynamodb: string) => replaceFile(join(data, READY_FILE), JSON.stringify({ dynamodb }));
    const ready = readyReader(data);
    await start('http://127.0.0.1:1');
    const first = await ready();
    expect(first).toMatchObject({ dynamodb: 'http://127.0.0.1:1' });
    expect(await ready()).toBe(first);
    await start('http://127.0.0.1:2');
    expect(await ready()).toMatchObject({ dynamodb: 'http://127.0.0.1:2' });
  });

  it('looks again after it found none', async () => {
    const data = aFolder();
    const ready = readyReader(data);
    await expect(ready()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await replaceFile(join(data, READY_FILE), '{}');
    expect(await ready()).toHaveProperty('credentials');
    await rm(join(data, READY_FILE));
    await expect(ready()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});

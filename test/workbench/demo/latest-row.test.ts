import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { latestRow } from '../../../workbench/demo/latest-row.ts';

async function resultsWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-row-'));
  await mkdir(join(folder, 'results'));
  await writeFile(join(folder, 'results', '2026-11-20.ndjson'), text);
  return folder;
}

const line = (columns: Readonly<Record<string, string>>) =>
  JSON.stringify({ query: 'container', host: 'i-0a1b2c3d4e5f60718', columns });

describe('the stored row that the demo shows', () => {
  it('is the latest about a container', async () => {
    const rows = [
      line({ name: '/old', image: 'a:1', state: 'running' }),
      line({ name: '/api', image: '1111.dkr.ecr/api:2', state: 'running', pid: '7', extra: 'x' }),
      line({ mac: '00:11' }),
    ];
    const folder = await resultsWith(`${rows.join('\n')}\n{"query":"half`);
    expect(await latestRow(folder)).toBe('f60718: image=api:2 state=running pid=7 name=api');
  });

  it('has no control characters, whatever a host returns', async () => {
    const folder = await resultsWith(`${line({ name: '\u001b[31mred', image: 'a\n', state: 'running' })}\n`);
    expect(await latestRow(folder)).toBe('f60718: image=a  state=running name= [31mred');
  });

  it('is found at the end of a large file', async () => {
    const rows = line({ name: 'x'.repeat(1000), image: 'a', state: 'running' });
    const folder = await resultsWith(
      `${`${rows}\n`.repeat(300)}${line({ name: 'last', image: 'a', state: 'running' })}\n`,
    );
    expect(await latestRow(folder)).toBe('f60718: image=a state=running name=last');
  });

  it('is absent before the first', async () => {
    expect(await latestRow('/no/such')).toBeUndefined();
    expect(await latestRow(await resultsWith(''))).toBeUndefined();
  });
});

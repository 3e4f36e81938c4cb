import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { linesBackwards } from '../../../../lib/cli/rows/lines-backwards.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-lines-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string, containing?: string, partBytes?: number): Promise<string[]> {
  const path = join(folder, 'file.ndjson');
  await writeFile(path, text);
  const lines: string[] = [];
  for await (const line of linesBackwards(path, containing, partBytes)) lines.push(line);
  return lines;
}

describe('the lines of a file, backwards', () => {
  it('leave out an unfinished last line', async () => {
    expect(await read('one\ntwo\nthr')).toEqual(['two', 'one']);
    expect(await read('thr')).toEqual([]);
    expect(await read('')).toEqual([]);
  });

  it('are those of the file, in parts of any size, with any text', async () => {
    const line = fc.stringMatching(/^[ab"é🪰]{0,12}$/u);
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        fc.option(fc.constantFrom('a', 'ab', '"', 'é')),
        line,
        async (lines, partBytes, containing, unfinished) => {
          const text = `${lines.map((one) => `${one}\n`).join('')}${unfinished}`;
          const expected = lines.filter((one) => containing === null || one.includes(containing)).reverse();
          expect(await read(text, containing ?? undefined, partBytes)).toEqual(expected);
        },
      ),
    );
  });
});

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { synthesizeIfChanged } from '../../../workbench/demo/synthesize.ts';

let root: string;
let data: string;
let made: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mayfly-synth-'));
  data = join(root, '.mayfly');
  made = 0;
  write('lib/a.ts', 'a');
  mkdirSync(data);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), text);
}

/** A synthesis that takes no time. */
async function make(folder: string): Promise<void> {
  made += 1;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), '{}');
}

const synthesized = (maker = make) => synthesizeIfChanged(data, { root, make: maker });

describe('the synthesis of a local start', () => {
  it('is skipped while nothing has changed, and names the same digest', async () => {
    const first = await synthesized();
    expect(await synthesized()).toEqual({ ...first, isReused: true });
    expect([first.isReused, made]).toEqual([false, 1]);
  });

  it.each([
    ['a source', 'lib/a.ts', 'b'],
    ['a new source', 'lambdas/new/index.ts', ''],
    ['the policy', 'policy/rules/mine.yaml', 'rule'],
    ['the lock file', 'package-lock.json', '{}'],
    ['an installed package', 'node_modules/.package-lock.json', '{}'],
    ['the context', 'cdk.json', '{"context":{}}'],
    ['the looked-up context', 'cdk.context.json', '{}'],
  ])('is repeated after a change of %s', async (_, file, text) => {
    const first = await synthesized();
    write(file, text);
    const second = await synthesized();
    expect([second.isReused, second.digest === first.digest, made]).toEqual([false, false, 2]);
  });

  it('is repeated after a change of the environment that CDK reads', async () => {
    await synthesized();
    process.env.CDK_CONTEXT_JSON = '{"alarmTopic":"true"}';
    try {
      expect((await synthesized()).isReused).toBe(false);
    } finally {
      delete process.env.CDK_CONTEXT_JSON;
    }
  });

  it('is not skipped when the last one failed, or when its result is gone', async () => {
    await synthesized();
    write('lib/a.ts', 'wrong');
    const fails = async (): Promise<void> => {
      throw new Error('no');
    };
    await expect(synthesized(fails)).rejects.toThrow('no');
    write('lib/a.ts', 'a');
    expect(existsSync(join(data, 'cdk.out/manifest.json'))).toBe(true);
    expect((await synthesized()).isReused).toBe(false);
    rmSync(join(data, 'cdk.out'), { recursive: true });
    expect((await synthesized()).isReused).toBe(false);
  });

  it('is repeated at the next start if a source changed while it ran', async () => {
    const whileEdited = async (folder: string): Promise<void> => {
      await make(folder);
      write('lib/a.ts', 'edited');
    };
    await synthesized(whileEdited);
    expect((await synthesized()).isReused).toBe(false);
    expect((await synthesized()).isReused).toBe(true);
  });
});

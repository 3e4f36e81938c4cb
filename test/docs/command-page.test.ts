import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { COMMAND_ERRORS } from '../../lib/cli/errors/command-error.ts';
import { VARIABLES } from '../../scripts/command-page.ts';

const SOURCE = ['lib', 'bin', 'workbench']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[jt]s$/.test(file) && !file.includes('node_modules') && !file.endsWith('command-error.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8')),
  )
  .join('\n');

describe('the page about exit codes, errors and variables', () => {
  it('describes exactly the variables that the source reads', () => {
    const read = new Set([...SOURCE.matchAll(/\benv\.(MAYFLY_\w+)/g)].map(([, name]) => name));
    expect([...read].sort()).toEqual(Object.keys(VARIABLES).sort());
  });

  it('describes only error codes that the source uses', () => {
    expect(Object.keys(COMMAND_ERRORS).filter((code) => !SOURCE.includes(`'${code}'`))).toEqual([]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const here = join(process.cwd(), 'test/conformance');

/** The numbered checks of docs/spec/osquery-protocol.md §14; carving (50 to 55) is not served yet. */
const APPLICABLE = Array.from({ length: 49 }, (_, index) => index + 1);

describe('the conformance checklist', () => {
  it('has a test for every applicable check', () => {
    const text = readdirSync(here)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(here, file), 'utf8'))
      .join('\n');
    const tested = new Set([...text.matchAll(/\bit\('check (\d+): /g)].map(([, number]) => Number(number)));
    expect(APPLICABLE.filter((number) => !tested.has(number))).toEqual([]);
    expect([...tested].filter((number) => !APPLICABLE.includes(number))).toEqual([]);
  });
});

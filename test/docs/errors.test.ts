import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const codesIn = (file: string, pattern: RegExp): string[] =>
  [...readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(pattern)].map(([, code]) => String(code)).sort();

describe('the reference page of errors', () => {
  it('names every code the source has, and no other', () => {
    expect(codesIn('../../docs/reference/errors.md', /^\| `([A-Z_]+)`/gm)).toEqual(
      codesIn('../../lib/core/errors.ts', /\| '([A-Z_]+)'/g),
    );
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { policyReference } from '../../../lib/policy-compiler/reference.ts';

describe('the policy reference', () => {
  it('is what the schema says: `npm run docs` writes it', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/policy.md'), 'utf8');
    expect(page).toBe(policyReference());
  });

  it('explains every field', () => {
    const rows = policyReference()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(80);
    expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([]);
  });
});

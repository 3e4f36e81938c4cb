import { describe, expect, it } from '@jest/globals';
import { policyReference } from '../../../lib/policy-compiler/reference.ts';

describe('the policy reference', () => {
  it('explains every field', () => {
    const rows = policyReference()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(80);
    expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([]);
  });
});

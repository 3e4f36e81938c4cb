import { describe, expect, it } from '@jest/globals';
import { secretNamed } from '../../../../lib/core/nodes/enroll-secrets.ts';
import type { RotatingSecret } from '../../../../lib/core/nodes/rotating-secret.ts';

const secret = (...values: string[]): RotatingSecret => ({
  values: async () => values,
  refreshed: async () => values,
});
const rotated: RotatingSecret = { values: async () => ['old'], refreshed: async () => ['new', 'old'] };
const failing: RotatingSecret = {
  values: async () => Promise.reject(new Error('away')),
  refreshed: async () => Promise.reject(new Error('away')),
};

describe('the enroll secret that a host presents', () => {
  const all = new Map([
    ['default', secret('a')],
    ['web', secret('b', 'b-before')],
    ['db', rotated],
  ]);
  it.each([
    ['a', 'default'],
    ['b', 'web'],
    ['b-before', 'web'],
    ['old', 'db'],
    ['new', 'db'],
  ])('%s has the name %s', async (given, name) => {
    expect(await secretNamed(given, all)).toBe(name);
  });

  it.each(['', 'c', 'web'])('%j matches no secret', async (given) => {
    expect(await secretNamed(given, all)).toBeUndefined();
  });

  it('is found while another secret cannot be read, and no secret is rejected meanwhile', async () => {
    const some = new Map([
      ['default', secret('a')],
      ['db', failing],
    ]);
    expect(await secretNamed('a', some)).toBe('default');
    await expect(secretNamed('b', some)).rejects.toThrow('away');
  });
});

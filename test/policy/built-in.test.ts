import { describe, expect, it } from '@jest/globals';
import { compilePolicy, readPolicyFolder } from '../../lib/policy-compiler/index.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };

describe('the policy built into the functions', () => {
  it('equals policy/: after a change there, run `npm run policy`', async () => {
    const files = readPolicyFolder('policy');
    expect(builtIn.sources).toEqual(Object.fromEntries(files));
    const { policy, problems } = await compilePolicy(files);
    expect(problems).toEqual([]);
    expect(builtIn.policy).toEqual(policy);
  });
});

import { describe, expect, it } from '@jest/globals';
import { builtInPolicy, builtInSources } from '../../../../lib/core/policy/built-in.ts';
import { compilePolicy, readPolicyFolder } from '../../../../lib/policy-compiler/index.ts';

describe('the policy the functions carry', () => {
  it('is the one in policy/: after a change there, run `npm run policy`', async () => {
    const files = await readPolicyFolder('policy');
    expect(builtInSources).toEqual(Object.fromEntries(files));
    const { policy, problems } = await compilePolicy(files);
    expect(problems).toEqual([]);
    expect(builtInPolicy).toEqual(policy);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { evaluate } from '../../lib/core/policy/evaluate.ts';
import { compilePolicy, readPolicyFolder } from '../../lib/policy-compiler/index.ts';
import { fixture } from '../support/fixtures.ts';

const PAGE = readFileSync('CONTRIBUTING.md', 'utf8');
const [, block = ''] = /```yaml\n([\s\S]*?)```/.exec(PAGE) ?? [];
const rule = block.replaceAll(/^ {3}/gm, '');

describe('the page for contributors', () => {
  it('has a first rule that fits the default policy and matches its event', async () => {
    const files = new Map([...(await readPolicyFolder('policy')), ['rules/draining.yaml', rule]]);
    const { policy, problems } = await compilePolicy(files);
    expect(problems).toEqual([]);
    const matches = policy && evaluate(policy, fixture(15, { status: 'DRAINING' })).matches;
    expect(matches?.map((match) => match.rule)).toEqual(['ecs-instance-draining']);
  });

  it('names only existing files and folders', () => {
    const paths = [...PAGE.matchAll(/`((?:lib|lambdas|bin|test|docs|policy)(?:\/[\w./-]+)?)`/g)].map(([, path]) =>
      String(path),
    );
    const made = ['policy/rules/draining.yaml'];
    expect(paths.length).toBeGreaterThan(15);
    expect(paths.filter((path) => !existsSync(path) && !made.includes(path))).toEqual([]);
  });

  it('names only existing scripts', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = [...PAGE.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => String(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

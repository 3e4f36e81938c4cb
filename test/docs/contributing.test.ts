import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { grouped } from '../../lib/core/grouped.ts';
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

  it('gives the reason why two files of lib may have the same name', () => {
    const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const named = grouped(files, (file) => basename(file));
    const layersOf = (same: readonly string[]) =>
      same.map((file) => file.split('/')[0] ?? '').filter((layer) => layer !== 'cli' && layer !== 'stack');
    const adapters = ['core', 'aws', 'memory'];
    const unexplained = [...named.values()].filter((same) => {
      const layers = layersOf(same);
      return (
        new Set(layers).size < layers.length || (layers.length > 1 && layers.some((one) => !adapters.includes(one)))
      );
    });
    expect(named.size).toBeGreaterThan(200);
    expect(unexplained).toEqual([]);
  });

  it('names the test that lists the events to which Mayfly subscribes', () => {
    const [, file = ''] = /list of patterns in `([^`]+)`/.exec(PAGE) ?? [];
    expect(readFileSync(file, 'utf8')).toContain("'detail-type': ['ECS Task State Change']");
  });

  it('names only existing scripts', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = [...PAGE.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => String(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

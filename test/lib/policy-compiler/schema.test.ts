import { describe, expect, it } from '@jest/globals';
import { platformsSaid } from '../../../lib/policy-compiler/osquery/platform.ts';
import { PLATFORMS } from '../../../lib/policy-compiler/osquery/specs.ts';
import { OSQUERY_VERSION, platformsOf, tablesOn } from '../../../lib/policy-compiler/osquery/tables.ts';
import { TABLES as SIMULATED } from '../../../workbench/world/host/tables/index.ts';

const LINUX = tablesOn('linux');

describe("the schema of osquery's tables", () => {
  it('is that of 5.23.1, on all its platforms', () => {
    expect(OSQUERY_VERSION).toBe('5.23.1');
    expect(PLATFORMS.map((platform) => tablesOn(platform).size)).toEqual([163, 193, 123]);
  });

  it('lists each column once', () => {
    for (const { name, columns } of PLATFORMS.flatMap((platform) => [...tablesOn(platform).values()])) {
      expect([name, columns.length]).toEqual([name, new Set(columns.map((column) => column.name)).size]);
    }
  });

  it('includes the columns of other platforms, as hidden columns', () => {
    const elevated = (platform: 'linux' | 'windows') =>
      tablesOn(platform)
        .get('processes')
        ?.columns.find(({ name }) => name === 'elevated_token')?.hidden;
    expect([elevated('linux'), elevated('windows')]).toEqual([true, false]);
  });

  it('includes aliases of tables and columns', () => {
    expect(LINUX.get('hosts')?.columns).toEqual(LINUX.get('etc_hosts')?.columns.filter(({ hidden }) => !hidden));
    expect(platformsOf('hosts')).toEqual(['linux', 'darwin', 'windows']);
    expect(LINUX.get('process_events')?.columns).toContainEqual({ name: 'environment', type: 'TEXT', hidden: true });
  });

  it('uses indexed and additional columns as the key, or all columns if none is indexed', () => {
    expect(LINUX.get('processes')?.key).toEqual(['pid']);
    expect(LINUX.get('users')?.key).toEqual(['uid', 'username', 'uuid', 'pid_with_namespace', 'include_remote']);
    expect(LINUX.get('uptime')?.key).toEqual([]);
    expect(LINUX.get('suid_bin')?.key).toEqual(LINUX.get('suid_bin')?.columns.map(({ name }) => name));
  });

  it.each(SIMULATED.map((simulated) => [simulated.name, simulated] as const))(
    'agrees with the simulated host about %s',
    (name, simulated) => {
      const facts = LINUX.get(name)?.columns ?? [];
      const required = simulated.columns.filter((column) => column.required).map((column) => column.name);
      expect(facts.flatMap((column) => (column.isRequired ? [column.name] : []))).toEqual(required);
      const known = new Set(facts.map((column) => column.name));
      expect(simulated.columns.map((column) => column.name).filter((column) => !known.has(column))).toEqual([]);
    },
  );
});

describe('the word platform of a query', () => {
  it.each([
    ['', ['linux', 'darwin', 'windows']],
    ['null', ['linux', 'darwin', 'windows']],
    ['all', ['linux', 'darwin', 'windows']],
    ['any', ['linux', 'darwin', 'windows']],
    ['ubuntu', ['linux']],
    ['centos', ['linux']],
    ['linux,darwin', ['linux', 'darwin']],
    ['posix', ['linux', 'darwin']],
    ['windows, linux', ['linux', 'windows']],
    ['freebsd', []],
    ['Linux', []],
  ])('means the same as in osquery: "%s"', (platform, platforms) => {
    expect(platformsSaid(platform)).toEqual(platforms);
  });
});

import { describe, expect, it } from '@jest/globals';
import { TABLES as SIMULATED } from '../../../lib/agent/host/tables/index.ts';
import { TABLES_ELSEWHERE } from '../../../lib/policy/schema/elsewhere.ts';
import { TABLES } from '../../../lib/policy/schema/index.ts';
import { table } from '../../../lib/policy/schema/table-facts.ts';

describe('what is known of the tables of osquery', () => {
  it('covers those that a security engineer uses', () => {
    expect(TABLES.size).toBeGreaterThan(90);
    for (const name of [
      'processes',
      'process_events',
      'file',
      'hash',
      'docker_containers',
      'users',
      'deb_packages',
      'rpm_packages',
      'crontab',
      'systemd_units',
      'iptables',
      'yara',
    ]) {
      expect(TABLES.has(name)).toBe(true);
    }
  });

  it('gives each column once', () => {
    for (const { name, columns } of TABLES.values()) {
      expect([name, columns.length]).toEqual([name, new Set(columns.map((column) => column.name)).size]);
    }
  });

  it('does not place a table on Linux and elsewhere', () => {
    expect([...TABLES.keys()].filter((name) => TABLES_ELSEWHERE.has(name))).toEqual([]);
  });

  it.each(SIMULATED.map((simulated) => [simulated.name, simulated] as const))(
    'agrees with the simulated host about %s',
    (name, simulated) => {
      const facts = TABLES.get(name);
      const required = simulated.columns.filter((column) => column.required).map((column) => column.name);
      expect(facts?.required.flat() ?? []).toEqual(required);
      const known = new Set(facts?.columns.map((column) => column.name));
      expect(simulated.columns.map((column) => column.name).filter((column) => !known.has(column))).toEqual(
        EXTRA[name] ?? [],
      );
    },
  );

  it('is written in a line that says type, hidden and required', () => {
    expect(table('t', 'a b:i! c:b~! d!!')).toEqual({
      name: 't',
      columns: [
        { name: 'a', type: 'TEXT', hidden: false },
        { name: 'b', type: 'INTEGER', hidden: false },
        { name: 'c', type: 'BIGINT', hidden: true },
        { name: 'd', type: 'TEXT', hidden: false },
      ],
      required: [['b', 'c'], ['d']],
      takesLike: false,
    });
    expect(() => table('t', 'a:')).toThrow('t: cannot read the column "a:"');
  });
});

/** The simulated host has these beyond 5.23's own. */
const EXTRA: Record<string, string[]> = { os_version: ['extra'] };

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { differences, tablesIn } from '../../scripts/osquery-specs.ts';

/** A folder of specs with osquery's layout. */
function specs(files: Readonly<Record<string, string>>, cmake: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'specs-'));
  mkdirSync(join(folder, 'posix'));
  writeFileSync(join(folder, 'CMakeLists.txt'), cmake);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

const PROCESS = `# What runs.
table_name("made_up", aliases=["invented"])
description("A table " 'of two strings.')
schema([
    Column("pid", BIGINT, "Process id", index=True, optimized=True), # the key
    Column("seen", DATETIME, ("In brackets, "
        "over lines"), collate="nocase"),
    ForeignKey(column="pid", table="processes"),
])
extended_schema(LINUX + WINDOWS, [
    Column("path", TEXT, "Where", required=True, hidden=True, aliases=["file"]),
])
attributes(user_data=True, no_pkey=True)
implementation("a@b")
examples(["""select
  1"""])
`;

describe('osquery-specs', () => {
  const folder = specs(
    {
      'made_up.table': PROCESS,
      'posix/other.table': 'table_name("other")\nschema([Column("a", INTEGER)])',
      'x.table': '?',
    },
    'set(files\n made_up.table # everywhere\n)\n "posix/other.table:linux,macos"\n# "x.table:linux"\n',
  );

  it('reads names, types, options and platforms of the tables that a build contains', () => {
    expect(tablesIn(folder)).toEqual({
      made_up: {
        platforms: ['linux', 'darwin', 'windows'],
        attributes: ['user_data'],
        aliases: ['invented'],
        columns: [
          { name: 'pid', type: 'BIGINT', options: ['index', 'optimized'] },
          { name: 'seen', type: 'TEXT', collate: 'NOCASE' },
          {
            name: 'path',
            type: 'TEXT',
            options: ['required', 'hidden'],
            platforms: ['linux', 'windows'],
            aliases: ['file'],
          },
        ],
      },
      other: { platforms: ['linux', 'darwin'], columns: [{ name: 'a', type: 'INTEGER' }] },
    });
  });

  it('prints every difference', () => {
    const { made_up, other } = tablesIn(folder);
    if (!made_up || !other) throw new Error('the folder has both');
    const [pid, seen, path] = made_up.columns;
    if (!pid || !seen || !path) throw new Error('it has three columns');
    expect(differences({ made_up, other }, { made_up, other })).toEqual([]);
    expect(differences({ made_up }, { other })).toEqual(['- made_up', '+ other']);
    const changed = {
      ...made_up,
      aliases: [],
      columns: [pid, { ...seen, type: 'INTEGER' as const }, { ...path, name: 'p' }],
    };
    expect(differences({ made_up }, { made_up: changed })).toEqual([
      '~ made_up: {"platforms":["linux","darwin","windows"],"attributes":["user_data"],"aliases":[]}',
      '~ made_up.seen: {"name":"seen","type":"INTEGER","collate":"NOCASE"}',
      expect.stringContaining('- made_up.path: '),
      expect.stringContaining('+ made_up.p: '),
    ]);
    expect(differences({ made_up }, { made_up: { ...made_up, columns: [seen, pid, path] } })).toEqual([
      '~ made_up: the order of its columns',
    ]);
  });

  it('names the place at which a spec cannot be read', () => {
    const broken = specs({ 'a.table': 'table_name("a")\nschema(@)' }, 'a.table');
    expect(() => tablesIn(broken)).toThrow('cannot read the spec at: @)');
  });
});

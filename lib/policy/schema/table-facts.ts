type ColumnType = 'TEXT' | 'INTEGER' | 'BIGINT' | 'DOUBLE';

interface ColumnFacts {
  readonly name: string;
  readonly type: ColumnType;
  /** Not in `SELECT *`. */
  readonly hidden: boolean;
}

/** A table of osquery on Linux, as far as a query can be judged by it. */
export interface TableFacts {
  readonly name: string;
  readonly columns: readonly ColumnFacts[];
  /** Of each group at least one column must be constrained, or osquery fails the query. */
  readonly required: readonly (readonly string[])[];
  /** Required columns may be constrained with LIKE, too: the table then lists what is there. */
  readonly takesLike: boolean;
}

const TYPES: Readonly<Record<string, ColumnType>> = { i: 'INTEGER', b: 'BIGINT', d: 'DOUBLE' };

/**
 * A table from its name and a line of columns: `name`, then `:i`, `:b` or `:d` for INTEGER, BIGINT and DOUBLE (text
 * otherwise), then `~` for hidden and `!` for required; of several columns with `!` one is enough, those with `!!` are a
 * second group.
 */
export function table(name: string, notation: string, { takesLike = false } = {}): TableFacts {
  const groups: [string[], string[]] = [[], []];
  const columns = notation
    .trim()
    .split(/\s+/)
    .map((word): ColumnFacts => {
      const [, column = '', type = '', marks = ''] = /^(\w+)(?::(\w))?([~!]*)$/.exec(word) ?? [];
      if (column === '') throw new Error(`${name}: cannot read the column "${word}"`);
      if (marks.includes('!')) groups[marks.includes('!!') ? 1 : 0].push(column);
      return { name: column, type: TYPES[type] ?? 'TEXT', hidden: marks.includes('~') };
    });
  return { name, columns, required: groups.filter((group) => group.length > 0), takesLike };
}

/** The hidden columns of tables that can look into the mount namespace of another process. */
export const NAMESPACED = 'pid_with_namespace:i~';

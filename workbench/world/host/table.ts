/** A value a table hands to SQLite; `undefined` and `null` both become NULL. */
type Value = string | number | bigint | null | undefined;

/** A row by column name; a column left out is NULL. */
export type TableRow = Readonly<Record<string, Value>>;

type ColumnType = 'TEXT' | 'INTEGER' | 'BIGINT' | 'DOUBLE';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** SQLite offers the table comparisons on this column. */
  readonly index: boolean;
  /** A query without a comparison on this column fails. */
  readonly required: boolean;
  /** Left out of `SELECT *`. */
  readonly hidden: boolean;
}

/** The comparisons one scan of a table was given. */
export interface Constraints {
  /**
   * The values `column` must equal, or `undefined` if the scan has no such comparison. `IN` and `OR`
   * come as one scan a value, as in osquery, which also drops comparisons with NULL or the empty text.
   */
  equals(column: string): readonly string[] | undefined;
}

/** One osquery table over some state `S`. Rows are made at the moment of the scan. */
export interface Table<S> {
  readonly name: string;
  readonly columns: readonly Column[];
  rows(state: S, where: Constraints): Iterable<TableRow>;
}

const TYPES: Readonly<Record<string, ColumnType>> = { i: 'INTEGER', b: 'BIGINT', d: 'DOUBLE' };

/**
 * Columns from a short notation, in order, separated by spaces: `name` is TEXT, `name:i` INTEGER,
 * `name:b` BIGINT, `name:d` DOUBLE; a trailing `*` means indexed, `!` required, `~` hidden.
 */
export function columns(notation: string): Column[] {
  return notation
    .trim()
    .split(/\s+/)
    .map((word) => {
      const [, name = '', letter = '', mark] = /^(\w+)(?::(\w))?([*!~])?$/.exec(word) ?? [];
      return {
        name,
        type: TYPES[letter] ?? 'TEXT',
        index: mark === '*' || mark === '!',
        required: mark === '!',
        hidden: mark === '~',
      };
    });
}

/** The comparisons of a scan that has none. */
export const UNCONSTRAINED: Constraints = { equals: () => undefined };

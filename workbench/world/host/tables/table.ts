/** A value a table returns to SQLite; `undefined` and `null` both become NULL. */
type Value = string | number | bigint | null | undefined;

/** A row by column name; an absent column is NULL. */
export type TableRow = Readonly<Record<string, Value>>;

type ColumnType = 'TEXT' | 'INTEGER' | 'BIGINT' | 'DOUBLE';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** SQLite passes comparisons on this column to the table. */
  readonly index: boolean;
  /** A query without a comparison on this column fails. */
  readonly required: boolean;
  /** `SELECT *` omits it. */
  readonly hidden: boolean;
}

/** The comparisons passed to one scan of a table. */
export interface Constraints {
  /**
   * The values that `column` must equal, or `undefined` if the scan has no such comparison. `IN` and `OR` cause one
   * scan per value, as in osquery, which also drops comparisons with NULL or the empty text.
   */
  equals(column: string): readonly string[] | undefined;
}

/** One osquery table over some state `S`. Its rows are made at the time of the scan. */
export interface Table<S> {
  readonly name: string;
  readonly columns: readonly Column[];
  rows(state: S, where: Constraints): Iterable<TableRow>;
}

const TYPES: Readonly<Record<string, ColumnType>> = { i: 'INTEGER', b: 'BIGINT', d: 'DOUBLE' };

/**
 * Parses a short notation of columns, in order, separated by spaces: `name` is TEXT, `name:i` INTEGER, `name:b` BIGINT,
 * `name:d` DOUBLE; a trailing `*` means indexed, `!` required, `~` hidden.
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

/** The comparisons of a scan without any. */
export const UNCONSTRAINED: Constraints = { equals: () => undefined };

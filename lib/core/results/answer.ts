/** A row as osquery sends it: every value is text. Other scalars become text, objects and lists become JSON. */
export type Row = Readonly<Record<string, string>>;

/** One query's answer. */
export interface Answer {
  readonly wireId: string;
  readonly status: number; // 0 if the query succeeded
  readonly message: string;
  readonly rows: readonly Row[];
}

/** A row as osquery sends it: every value is text. Other scalars are taken as their text, anything deeper as JSON. */
export type Row = Readonly<Record<string, string>>;

/** One query's answer. */
export interface Answer {
  readonly wireId: string;
  readonly status: number; // 0 means it ran
  readonly message: string;
  readonly rows: readonly Row[];
}

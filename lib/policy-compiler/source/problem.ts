/** One problem of a policy, with its position and a hint. */
export interface Problem {
  /** A policy with an error cannot be pushed; with a warning it can. */
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number; // from 1
  readonly column: number; // from 1
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** A position in a file; both numbers start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Sorts problems by position and removes duplicates, so that the same policy always gives the same list. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const sorted = [...problems].sort(
    (a, b) =>
      byText(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      byText(a.severity, b.severity) ||
      byText(a.message, b.message),
  );
  const same = (a: Problem | undefined, b: Problem) =>
    a?.file === b.file && a.line === b.line && a.column === b.column && a.message === b.message;
  return sorted.filter((problem, index) => !same(sorted[index - 1], problem));
}

/** What is wrong with a policy, and where: everything a person needs to mend it. */
export interface Problem {
  /** An error keeps the policy from being pushed; a warning does not. */
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number; // from 1
  readonly column: number; // from 1
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** A place in a file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** In reading order, each once: the same policy always gives the same list. */
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

import type { Problem } from '../source/problem.ts';

/** An error or a warning about a SQL text, at an offset in it. */
export interface SqlProblem {
  readonly severity: Problem['severity'];
  readonly message: string;
  readonly offset: number;
  readonly hint?: string | undefined;
}

import type { Problem } from '../problem.ts';

/** Something to say about a SQL text, at a place in it. */
export interface SqlFinding {
  readonly severity: Problem['severity'];
  readonly message: string;
  readonly offset: number;
  readonly hint?: string | undefined;
}

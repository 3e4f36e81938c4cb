import type { Platform } from '../../core/policy/policy.ts';
import { compilePolicy } from '../compile/compile.ts';
import { lintSql } from '../lint/lint-sql.ts';
import { OsqueryDatabases } from '../lint/osquery-databases.ts';
import { platformsSaid } from '../osquery/platform.ts';
import { PLATFORMS } from '../osquery/specs.ts';
import type { Problem } from '../source/problem.ts';
import { SourceDocument } from '../source/source-document.ts';
import { type Draft, type DraftQuery, ImportRefused } from './draft.ts';
import { filesOfDraft, type Removable, type RenderedFile } from './draft-files.ts';

/** Leaving parts out can reveal other problems, but not often. */
const MAX_ROUNDS = 20;

export interface CompiledDraft {
  readonly files: ReadonlyMap<string, string>;
  /** Warnings that `mayfly policy check` shows. */
  readonly warnings: number;
}

/**
 * Leaves out of a draft what a policy must not contain, until the compiler accepts all of it. Each part that is left out has
 * a note with the compiler's reason.
 *
 * @param existing the files of the policy that the imported files are added to
 * @param finish completes the draft, each time after parts were left out
 * @throws {ImportRefused} if the existing files have errors of their own, or do not fit together with the imported ones
 */
export function compileDraft(draft: Draft, existing: ReadonlyMap<string, string>, finish: () => void): CompiledDraft {
  const databases = new OsqueryDatabases();
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      finish();
      const rendered = filesOfDraft(draft);
      const files = new Map([...existing, ...rendered.map(({ file, text }) => [file, text] as const)]);
      const { problems } = compilePolicy(files);
      const errors = problems.filter(({ severity }) => severity === 'error');
      if (errors.length === 0) {
        return { files: new Map(rendered.map(({ file, text }) => [file, text])), warnings: problems.length };
      }
      leaveOut(draft, databases, errorsByPart(rendered, errors));
    }
    throw new ImportRefused('the imported files cannot be made into a policy: import them in smaller parts');
  } finally {
    databases.close();
  }
}

/** The part that each error is about, with the first error about it. */
function errorsByPart(rendered: readonly RenderedFile[], errors: readonly Problem[]): Map<Removable, Problem> {
  const found = new Map<Removable, Problem>();
  for (const one of rendered) {
    const own = errors.filter(({ file }) => file === one.file);
    if (own.length === 0) continue;
    const document = new SourceDocument(one.file, one.text);
    const starts = one.parts
      .map((part) => ({ part, ...document.position(part.path, 'key') }))
      .sort((a, b) => a.line - b.line || a.column - b.column);
    for (const error of own) {
      const before = starts.findLast(
        ({ line, column }) => line < error.line || (line === error.line && column <= error.column),
      );
      const part = before?.part ?? one.whole;
      if (!found.has(part)) found.set(part, error);
    }
  }
  if (found.size > 0) return found;
  const [first] = errors;
  throw new ImportRefused(
    `${first?.file}:${first?.line}: ${first?.message}; correct this first ("mayfly policy check")`,
  );
}

function leaveOut(draft: Draft, databases: OsqueryDatabases, errors: ReadonlyMap<Removable, Problem>): void {
  for (const [part, { message, hint }] of errors) {
    if (part.query && narrowed(draft, databases, part, part.query)) continue;
    part.remove();
    draft.leaveOut(part, part.what, hint ? `${message} (${hint})` : message);
  }
}

/** Restricts a scheduled query to the platforms that have its tables, if there are any. */
function narrowed(draft: Draft, databases: OsqueryDatabases, { what }: Removable, query: DraftQuery): boolean {
  const { query: sql, platform } = query.value;
  if (typeof sql !== 'string') return false;
  const said = platformsSaid(typeof platform === 'string' ? platform : undefined);
  const isFine = (one: Platform) =>
    lintSql(databases, sql, { kind: 'schedule', platforms: [one], onEc2Only: true }).problems.every(
      ({ severity }) => severity !== 'error',
    );
  const fine = PLATFORMS.filter((one) => said.includes(one) && isFine(one));
  if (fine.length === 0 || fine.length === said.length) return false;
  query.value.platform = fine.join(',');
  draft.change(query, what, `it runs on ${fine.join(' and ')} only: other platforms lack its tables`);
  return true;
}

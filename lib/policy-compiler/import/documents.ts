import { MAX_FILE_CHARACTERS, SourceDocument } from '../source/source-document.ts';
import type { Draft, Origin } from './draft.ts';

/** One document of an imported file. A YAML file may have several. */
export interface ImportedDocument {
  readonly file: string;
  readonly value: unknown;
  /** Where the value at a path begins. */
  readonly origin: (...path: readonly PropertyKey[]) => Origin;
}

/**
 * Reads an imported file with the limits of a policy file: its size, its depth, and its values with aliases written out.
 * What cannot be read is left out, with its position.
 */
export function documentsOf(file: string, text: string, draft: Draft): ImportedDocument[] {
  if (text.length > MAX_FILE_CHARACTERS) {
    draft.leaveOut({ file, line: 1 }, 'the file', `it is larger than ${MAX_FILE_CHARACTERS} characters: not read`);
    return [];
  }
  return partsOf(file, text).flatMap((part) => {
    const document = new SourceDocument(file, part);
    const error = document.problems.find(({ severity }) => severity === 'error');
    if (error) {
      draft.leaveOut({ file, line: error.line }, 'the document', error.message);
      return [];
    }
    const origin = (...path: readonly PropertyKey[]) => ({ file, line: document.position(path, 'key').line });
    return document.value === undefined || document.value === null ? [] : [{ file, value: document.value, origin }];
  });
}

/** The documents of a file. Empty lines replace the documents before each, so that line numbers are those of the file. */
function partsOf(file: string, text: string): string[] {
  if (!/\.ya?ml$/i.test(file)) return [text];
  const parts: string[] = [];
  let current: string[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    // At the start of a line, these marks always separate documents, even inside a block of text.
    if (/^(?:---|\.\.\.)(?=\s|$)/.test(line)) {
      parts.push(current.join('\n'));
      current = [...Array<string>(index).fill(''), `   ${line.slice(3)}`];
    } else current.push(line);
  }
  return [...parts, current.join('\n')].filter((part) => part.trim() !== '');
}

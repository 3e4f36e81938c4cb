import { createHash } from 'node:crypto';
import type { ScalarFunction } from './sqlite.ts';

interface SqlFunction {
  readonly arity: number;
  readonly run: ScalarFunction;
}

type Text = string | null;

const digest = (algorithm: string): SqlFunction => ({
  arity: 1,
  run: (_, value: Text) => (value === null ? null : createHash(algorithm).update(String(value)).digest('hex')),
});

/** The functions osquery adds to SQLite that queries about containers use most. */
export const FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  md5: digest('md5'),
  sha1: digest('sha1'),
  sha256: digest('sha256'),
  /**
   * split(text, tokens, index): splits `text` at any of the characters in `tokens` and returns the piece at `index`.
   */
  split: {
    arity: 3,
    run: (_, text: Text, tokens: Text, index: number) => {
      if (text === null || tokens === null) return null;
      const pieces: string[] = [''];
      for (const char of text) {
        if (tokens.includes(char)) pieces.push('');
        else pieces[pieces.length - 1] += char;
      }
      return pieces.filter((piece) => piece !== '')[index] ?? null;
    },
  },
  /** regex_match(text, pattern, group) */
  regex_match: {
    arity: 3,
    run: (_, text: Text, pattern: Text, group: number) =>
      text === null || pattern === null ? null : (new RegExp(pattern).exec(text)?.[group] ?? null),
  },
};

// An escape of JSON text: a whole surrogate pair, one half of a pair, or any other. A backslash that is escaped itself is
// taken with the backslash before it, so what follows it is no escape.
const ESCAPE = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\[\s\S]/g;
const SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * JSON from outside. A half of a surrogate pair has no UTF-8 form, so that no table would take it: it becomes U+FFFD, in
 * names of members too. Text decoded from UTF-8 can only hold one as an escape.
 *
 * @throws {SyntaxError} for what is no JSON
 */
export function parseJson(text: string): unknown {
  const whole = SURROGATE.test(text)
    ? text.replace(ESCAPE, (written, half?: string) => (half === undefined ? written : '\\ufffd'))
    : text;
  return JSON.parse(whole);
}

/** The beginning of a text, at most `length` UTF-16 units; a pair that the cut divides becomes U+FFFD. */
export const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed();

// An escape in JSON text: a whole surrogate pair, half of a pair, or any other. An escaped backslash matches together with the
// backslash before it, so the text after it is not taken for an escape.
const ESCAPE = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\[\s\S]/g;
const SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * Parses untrusted JSON. Half of a surrogate pair has no UTF-8 form, and no table would accept it, so it becomes U+FFFD, also
 * in member names. In text decoded from UTF-8 it can only occur as an escape.
 *
 * @throws {SyntaxError} if the text is not JSON
 */
export function parseJson(text: string): unknown {
  const whole = SURROGATE.test(text)
    ? text.replace(ESCAPE, (written, half?: string) => (half === undefined ? written : '\\ufffd'))
    : text;
  return JSON.parse(whole);
}

/** The beginning of a text, at most `length` UTF-16 units; a surrogate pair that is cut becomes U+FFFD. */
export const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed();

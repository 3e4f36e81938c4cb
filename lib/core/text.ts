// An escape in JSON text: a whole surrogate pair, half of a pair, or any other. An escaped backslash matches together with the
// backslash before it, so the text after it is not taken for an escape.
const ESCAPE = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\[\s\S]/g;
const SURROGATE = /\\u[dD][89a-fA-F]/;

const LONG_INTEGER = /[:,[\s]-?\d{16}/;
/** Integers where JSON has a value. With more digits than 40 one is no value of osquery's. */
const INTEGERS = /(?<![\d.eE+-])-?[1-9]\d{15,39}(?![\d.eE]|\s*:)/g;

/**
 * Parses untrusted JSON. An integer beyond ±(2^53 - 1), which a number may round, becomes a text with the same digits: with
 * `logger_numerics` agents send 64-bit values as numbers. Half of a surrogate pair has no UTF-8 form, and no table would accept it, so it becomes U+FFFD, also
 * in member names. In text decoded from UTF-8 it can only occur as an escape.
 *
 * @throws {SyntaxError} if the text is not JSON
 */
export function parseJson(text: string): unknown {
  const whole = SURROGATE.test(text)
    ? text.replace(ESCAPE, (written, half?: string) => (half === undefined ? written : '\\ufffd'))
    : text;
  return JSON.parse(LONG_INTEGER.test(whole) ? withExactIntegers(whole) : whole);
}

/** Quotes the integers outside strings that a number may round. */
function withExactIntegers(text: string): string {
  let exact = '';
  let at = 0;
  while (at < text.length) {
    const quote = indexOrEnd(text, '"', at);
    exact += text
      .slice(at, quote)
      .replace(INTEGERS, (digits) => (Number.isSafeInteger(Number(digits)) ? digits : `"${digits}"`));
    at = endOfString(text, quote + 1);
    exact += text.slice(quote, at);
  }
  return exact;
}

/** The position after the closing quote of a string whose content begins at `from`. */
function endOfString(text: string, from: number): number {
  let quote = indexOrEnd(text, '"', from);
  while (isEscaped(text, quote, from)) quote = indexOrEnd(text, '"', quote + 1);
  return quote + 1;
}

/** Whether an odd number of backslashes precedes a position. */
function isEscaped(text: string, at: number, from: number): boolean {
  let first = at;
  while (first > from && text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1 && at < text.length;
}

function indexOrEnd(text: string, searched: string, from: number): number {
  const found = text.indexOf(searched, from);
  return found < 0 ? text.length : found;
}

/** The beginning of a text, at most `length` UTF-16 units; a surrogate pair that is cut becomes U+FFFD. */
export const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed();

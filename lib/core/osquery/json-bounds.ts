/** The most JSON that is parsed. */
export interface JsonBounds {
  readonly maxValues: number;
  readonly maxDepth: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/**
 * Why a JSON text must not be parsed; undefined if it is within the bounds. The value of `{},` takes many times its three
 * bytes, so the size of a text does not bound the cost of parsing it. This function reads each byte once and creates no values.
 * The text may be invalid JSON: every value up to the point where a parser would stop is counted.
 */
export function beyondBounds(text: Buffer, { maxValues, maxDepth }: JsonBounds): string | undefined {
  let values = 1; // each comma and each opening bracket makes at most one more
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (byte === QUOTE) at = endOfString(text, at + 1);
    else if (isClosing(byte)) depth--;
    else if (byte === COMMA || isOpening(byte)) {
      if (++values > maxValues) return `it holds more than ${maxValues} values`;
      if (byte !== COMMA && ++depth > maxDepth) return `it is nested deeper than ${maxDepth} levels`;
    }
  }
  return undefined;
}

/** The position of the string's closing quote, or the end of the text. */
function endOfString(text: Buffer, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at;
}

const isOpening = (byte: number | undefined): boolean => byte === 0x5b || byte === 0x7b; // [ {
const isClosing = (byte: number | undefined): boolean => byte === 0x5d || byte === 0x7d; // ] }

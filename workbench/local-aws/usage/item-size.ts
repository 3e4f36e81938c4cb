/** A value as DynamoDB's API carries it: `{ "S": "text" }`. */
type Value = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, Value>>;

const text = (value: unknown): number => Buffer.byteLength(String(value));
/** A number takes a byte for two digits, and one more; one for a minus sign. Zeros at either end do not count. */
function digits(value: unknown): number {
  const [mantissa = ''] = String(value).toLowerCase().split('e');
  const significant = mantissa.replace(/[-+.]/g, '').replace(/^0+|0+$/g, '');
  return Math.ceil(significant.length / 2) + 1 + (mantissa.startsWith('-') ? 1 : 0);
}
const bytes = (value: unknown): number => Buffer.byteLength(String(value), 'base64');
const sum = (values: unknown, sizeOf: (value: unknown) => number): number =>
  Array.from(Object(values), sizeOf).reduce((total: number, size) => total + size, 0);

const SIZES: Readonly<Record<string, (value: unknown) => number>> = {
  S: text,
  N: digits,
  B: bytes,
  SS: (value) => sum(value, text),
  NS: (value) => sum(value, digits),
  BS: (value) => sum(value, bytes),
  L: (value) => 3 + sum(value, (member) => 1 + sizeOf(Object(member))),
  M: (value) => 3 + sum(Object.entries(Object(value)), (entry) => 1 + namedSize(entry)),
};

/** One byte for a boolean or null. */
function sizeOf(value: Value): number {
  const [[type, content] = []] = Object.entries(value);
  return SIZES[type ?? '']?.(content) ?? 1;
}

function namedSize(entry: unknown): number {
  const [name, value] = Array.from(Object(entry));
  return text(name) + sizeOf(Object(value));
}

/**
 * The size of an item in bytes, by which DynamoDB bills reads and writes.
 *
 * @see Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats"
 */
export const itemBytes = (item: Item | undefined): number => (item ? sum(Object.entries(item), namedSize) : 0);

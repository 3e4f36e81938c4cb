import fc from 'fast-check';

const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }), // beyond the halves of pairs
);

/**
 * Text of any code points, and fast-check's own dangerous texts. It replaces `fc.string({ unit: 'binary' })`, which
 * builds a table of 90 MB, once per test file.
 */
export const anyText = (length: { readonly minLength?: number; readonly maxLength?: number } = {}) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.array(codePoint, length).map((points) => String.fromCodePoint(...points)) },
    { weight: 1, arbitrary: fc.string(length) },
  );

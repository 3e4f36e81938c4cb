import type { Answered, Part } from './answered.ts';

/** Rows of one part. A part is stored in a few tenths of a second, even on a busy processor. */
export const PART_ROWS = 2_000;

/**
 * The parts of an answer, or the answer itself if it is small. Each part is stored and marked by itself, so that an answer that
 * outlasts the function makes progress with every try. The last part has the mark of the answer.
 */
export function partsOf(whole: Answered): Answered[] {
  const { answer, entry } = whole;
  const { rows } = answer;
  if (rows.length <= PART_ROWS) return [whole];
  const count = Math.ceil(rows.length / PART_ROWS);
  const marks = Array.from({ length: count - 1 }, (_, n) => `${entry.mark}.${n}`);
  return Array.from({ length: count }, (_, n) => {
    const firstRow = n * PART_ROWS;
    const part: Part = n === count - 1 ? { firstRow, earlier: marks, whole } : { firstRow, earlier: marks.slice(0, n) };
    return {
      ...whole,
      answer: { ...answer, rows: rows.slice(firstRow, firstRow + PART_ROWS) },
      entry: { ...entry, mark: marks[n] ?? entry.mark },
      part,
    };
  });
}

/** The answers that are complete with these: small ones, and those whose last part is among them. */
export const completeIn = (answers: readonly Answered[]): Answered[] =>
  answers.flatMap((one) => (one.part ? (one.part.whole ?? []) : one));

/** Whether an answer may be marked as stored: before the last part of one, all others must be. */
export const followsItsParts = ({ part }: Answered, marks: ReadonlySet<string>): boolean =>
  part?.whole === undefined || part.earlier.every((mark) => marks.has(mark));

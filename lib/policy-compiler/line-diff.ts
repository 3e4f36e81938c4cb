/** A line that both texts have, or one that only the later (`+`) or only the earlier (`-`) has. */
export interface DiffLine {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

/** The lines of `before` and `after` along their longest common sequence. Meant for texts of at most hundreds of lines. */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const [a, b] = [bounded(before), bounded(after)];
  // common[i][j]: length of the longest common sequence of a from i and b from j
  const common = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const row = common[i] ?? [];
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i] ?? '' });
      i++;
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: '-', text: a[i] ?? '' });
      i++;
    } else {
      lines.push({ sign: '+', text: b[j] ?? '' });
      j++;
    }
  }
  return lines;
}

const MAX_LINES = 500;

/** What goes beyond is one last line, so that the table above stays small. */
const bounded = (lines: readonly string[]): readonly string[] =>
  lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES), lines.slice(MAX_LINES).join('\n')];

import { open } from 'node:fs/promises';

const NEWLINE = 0x0a;

/**
 * Reads the lines of a file from the last to the first, in parts: the newest lines of a large file are there at once. An
 * unfinished line at the end is left out.
 *
 * @param containing yields only lines with this text: a fast search that looks at no other line
 */
export async function* linesBackwards(
  path: string,
  containing?: string,
  partBytes = 4 * 1024 * 1024,
): AsyncGenerator<string> {
  const file = await open(path);
  try {
    let end = (await file.stat()).size;
    let rest = Buffer.alloc(0); // the end of a line that begins in an earlier part
    let isLast = true;
    while (end > 0) {
      const start = Math.max(0, end - partBytes);
      const part = Buffer.alloc(end - start);
      await file.read(part, 0, part.length, start);
      let text = Buffer.concat([part, rest]);
      if (isLast) text = text.subarray(0, text.lastIndexOf(NEWLINE) + 1);
      isLast = text.length === 0; // the last line is longer than a part
      const first = start === 0 ? 0 : text.indexOf(NEWLINE) + 1;
      yield* linesIn(text.subarray(first), containing);
      rest = start === 0 ? Buffer.alloc(0) : text.subarray(0, first);
      end = start;
    }
  } finally {
    await file.close();
  }
}

/** The lines of a text that ends with a newline, last first. */
function* linesIn(text: Buffer, containing: string | undefined): Generator<string> {
  const sought = Buffer.from(containing ?? '');
  for (let end = text.length; end > sought.length; ) {
    const found = containing === undefined ? end - 1 : text.lastIndexOf(sought, end - sought.length);
    if (found < 0) return;
    const stop = text.indexOf(NEWLINE, found);
    const start = stop === 0 ? 0 : text.lastIndexOf(NEWLINE, stop - 1) + 1;
    yield text.toString('utf8', start, stop);
    end = start;
  }
}

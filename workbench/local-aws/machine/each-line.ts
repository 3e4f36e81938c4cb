import type { Readable } from 'node:stream';

/** Takes each whole line that a program writes. */
export type OnLine = (line: string) => void;

/** Calls `onLine` with each whole line of a stream. Does not keep others from reading the stream. */
export function eachLine(stream: Readable, onLine: OnLine): void {
  let rest = '';
  stream.on('data', (chunk) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

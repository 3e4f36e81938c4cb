import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { writeNotesAsJson } from '../../../../lib/cli/terminal/print.ts';
import { countedAloud } from '../../../../lib/cli/terminal/progress.ts';

const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  writeNotesAsJson(false); // a command of another file may have asked for JSON
  jest.useFakeTimers();
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => {
  writeNotesAsJson(false);
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** Workloads, each of which takes a second. */
async function* slow(count: number): AsyncGenerator<number> {
  for (let n = 1; n <= count; n++) {
    jest.advanceTimersByTime(1000);
    yield n;
  }
}

describe('the progress of a long reading', () => {
  it('is silent for two seconds, and then counts every five, outside of a terminal', async () => {
    const read: number[] = [];
    for await (const n of countedAloud(slow(8))) read.push(n);
    expect(read).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(printed).toEqual(['1 workload read\n', '6 workloads read\n']);
    jest.advanceTimersByTime(60_000);
    expect(printed).toHaveLength(2);
  });

  it('is an object a line with --json, like all notes', async () => {
    writeNotesAsJson(true);
    for await (const _ of countedAloud(slow(3)));
    expect(printed).toEqual(['{"note":"1 workload read"}\n']);
  });
});

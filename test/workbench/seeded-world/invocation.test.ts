import { beforeEach, describe, expect, it } from '@jest/globals';
import { Died, Invocation, through } from '../../../workbench/seeded-world/invocation.ts';
import { Trace } from '../../../workbench/seeded-world/trace.ts';
import type { Fault } from '../../../workbench/seeded-world/weather.ts';
import { VirtualClock } from '../../../workbench/world/index.ts';

const T0 = Date.parse('2026-11-20T10:00:00Z');
const TIMEOUT_MS = 15_000;

/** A port that records its calls. */
class Shelf {
  readonly done: string[] = [];
  #count = 0;

  async put(what: string): Promise<number> {
    this.done.push(what);
    this.#count++;
    return this.#count;
  }

  async *pages(): AsyncGenerator<string> {
    for (const page of ['one', 'two', 'three']) {
      this.done.push(page);
      yield page;
    }
  }
}

let clock: VirtualClock;
let shelf: Shelf;
beforeEach(() => {
  clock = new VirtualClock(T0);
  shelf = new Shelf();
});

/** A port as used by an invocation whose calls have these faults in turn. */
function faulty(...faults: readonly (Fault | undefined)[]) {
  const planned = [...faults];
  const weather = { next: () => ({ fault: planned.shift(), costMs: 0 }) };
  const invocation = new Invocation('a function', TIMEOUT_MS, { clock, weather, trace: new Trace(clock, true) });
  return { invocation, port: through(shelf, 'shelf', () => invocation) };
}

/** The outcome of some work once nothing is left to do. */
async function outcome(work: Promise<unknown>, ms = 60_000): Promise<string> {
  let text = 'never ends';
  work.then(
    (value) => {
      text = `returns ${value}`;
    },
    (error: Error) => {
      text = `throws ${error.message}`;
    },
  );
  await clock.advance(ms);
  return text;
}

describe('a port call of a simulated function', () => {
  it('does what the port does without a fault', async () => {
    const { port } = faulty();
    expect(await outcome(port.put('a'))).toBe('returns 1');
    expect(port.done).toEqual(['a']);
  });

  it.each([
    ['die-before', []],
    ['die-after', ['a']],
  ] as const)('has no effect after %s: %j', async (kind, done) => {
    const { invocation, port } = faulty({ kind });
    expect(await outcome(port.put('a'))).toBe('never ends');
    await expect(invocation.death).rejects.toThrow(Died);
    expect(await outcome(port.put('b'))).toBe('never ends');
    expect(shelf.done).toEqual(done);
  });

  it.each([
    ['refuse', [], 'throws shelf.put was throttled'],
    ['lose-reply', ['a'], 'throws the reply to shelf.put was lost'],
  ] as const)('fails and leaves the function alive with %s', async (kind, done, text) => {
    const { port } = faulty({ kind });
    expect(await outcome(port.put('a'))).toBe(text);
    expect(shelf.done).toEqual(done);
    expect(await outcome(port.put('b'))).toMatch(/^returns/);
  });

  it('may be slow, with its effect at its start or its end', async () => {
    const { port } = faulty({ kind: 'slow', ms: 1000, first: true }, { kind: 'slow', ms: 1000, first: false });
    expect(await outcome(port.put('early'), 999)).toBe('never ends');
    expect(shelf.done).toEqual(['early']);
    expect(await outcome(port.put('late'), 999)).toBe('never ends');
    expect(shelf.done).toEqual(['early']);
    await clock.advance(1);
    expect(shelf.done).toEqual(['early', 'late']);
  });

  it("ends with the function if it exceeds the function's time", async () => {
    const { invocation, port } = faulty({ kind: 'slow', ms: TIMEOUT_MS, first: false });
    expect(await outcome(port.put('a'))).toBe('never ends');
    expect(invocation.isDead).toBe(true);
    expect(invocation.timeLeftMs()).toBeLessThanOrEqual(0);
    expect(shelf.done).toEqual([]);
  });

  it('is one call for each page if a port returns pages', async () => {
    const { port } = faulty(undefined, { kind: 'refuse' });
    const pages: string[] = [];
    const reading = (async () => {
      for await (const page of port.pages()) pages.push(page);
    })();
    expect(await outcome(reading)).toBe('throws shelf.pages was throttled');
    expect(pages).toEqual(['one']);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Ports, SECOND, T0, World } from '../../support/world.ts';

let book: Ports['book'];
beforeEach(async () => {
  book = (await World.begin()).ports.book;
});
const claim = (host = 'h1', wireId = 'w1', atMs = T0) => book.claim(host, wireId, atMs, atMs + 20 * SECOND);

describe('the answer book', () => {
  it('gives an answer to one of all who bring it at once', async () => {
    const states = await Promise.all([1, 2, 3, 4].map(() => claim()));
    expect(states.toSorted()).toEqual(['busy', 'busy', 'busy', 'claimed']);
  });

  it('knows answers apart by host and id, of any length and content', async () => {
    expect(await claim('h1', 'w1')).toBe('claimed');
    expect(await claim('h2', 'w1')).toBe('claimed');
    expect(await claim('h1', 'w2')).toBe('claimed');
    expect(await claim('h1', 'x'.repeat(100_000))).toBe('claimed');
    expect(await claim('h1', `${'x'.repeat(100_000)}y`)).toBe('claimed');
    expect(await claim('h1', '')).toBe('claimed');
    expect(await claim('h1', '\0#d')).toBe('claimed');
  });

  it('frees a claim whose request has died, when it runs out', async () => {
    await claim();
    expect(await claim('h1', 'w1', T0 + 20 * SECOND - 1)).toBe('busy');
    expect(await claim('h1', 'w1', T0 + 20 * SECOND)).toBe('claimed');
  });

  it('frees a claim that was given back', async () => {
    await claim();
    await book.release('h1', 'w1');
    expect(await claim()).toBe('claimed');
  });

  it('never lets go of what was stored', async () => {
    await claim();
    await book.stored('h1', 'w1', T0);
    expect(await claim('h1', 'w1', T0 + 3_600_000)).toBe('stored');
  });
});

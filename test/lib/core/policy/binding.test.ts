import { describe, expect, it } from '@jest/globals';
import { bind } from '../../../../lib/core/policy/binding.ts';

const query = (expression: string) => ({
  name: 'containers',
  sql: 'SELECT id FROM docker_containers WHERE id IN (:ids)',
  bind: { ids: expression },
});
const list = (length: number, item: (n: number) => unknown) => ({
  columns: { ids: Array.from({ length }, (_, n) => item(n)) },
});

describe('a list from a host', () => {
  it('is bound without unsafe ids, which are returned as refused', () => {
    expect(bind(query('columns.ids'), { columns: { ids: ['a', "b'c", 'a', 'd e'] } }, true)).toEqual({
      ok: true,
      bindings: { ids: ['a'] },
      refused: ["b'c", 'd e'],
    });
  });

  it.each([
    ['safe ids', 'columns.ids', (n: number) => `id-${n}`],
    ['unsafe ids', 'columns.ids', (n: number) => `'${n}`],
    ['one id, over and over', 'columns.ids', () => 'a'],
    ['ids, flattened', '[columns.ids][]', (n: number) => `id-${n}`],
  ])('of 130,000 is too large: %s', (_, expression, item) => {
    const bound = bind(query(expression), list(130_000, item), true);
    expect(bound).toEqual({ ok: false, problem: 'too-large', placeholder: 'ids' });
  });

  it.each([
    ['safe', (n: number) => n, 'too-large'],
    ['unsafe', (n: number) => `'${n}`, 'unsafe-id'],
  ])('that could just fit is processed quickly: %s', (_, item, problem) => {
    expect(bind(query('columns.ids'), list(16_384, item), true)).toEqual({ ok: false, problem, placeholder: 'ids' });
  });

  it('is bound unchanged if it holds no ids', () => {
    const bound = bind(
      query('columns.ids'),
      list(1000, (n) => `a path ${n}`),
      false,
    );
    expect(bound).toMatchObject({ ok: true, refused: [] });
  });
});

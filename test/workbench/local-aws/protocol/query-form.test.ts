import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Form, type FormValue, readForm } from '../../../../workbench/local-aws/protocol/query-form.ts';

describe('a form of a query protocol', () => {
  it.each<[string, string, object]>([
    ['texts', 'A=1&B=two+words&C=100%25%20%C3%BC&D=', { A: '1', B: 'two words', C: '100% ü', D: '' }],
    ['a list', 'InstanceId.1=a&InstanceId.2=b', { InstanceId: ['a', 'b'] }],
    ['a list in the order of its numbers', 'I.10=c&I.2=b&I.1=a', { I: ['a', 'b', 'c'] }],
    ['a list with gaps', 'I.3=b&I.1=a', { I: ['a', 'b'] }],
    ['a list below "member"', 'Names.member.1=a&Names.member.2=b', { Names: ['a', 'b'] }],
    ['a structure with a part called "member"', 'A.member=x', { A: { member: 'x' } }],
    [
      'structures in lists in structures',
      'Filter.1.Name=n&Filter.1.Value.1=v&Filter.1.Value.2=w&Filter.2.Name=m',
      { Filter: [{ Name: 'n', Value: ['v', 'w'] }, { Name: 'm' }] },
    ],
    ['numbers that are not list positions', 'A.0=x&B.01=y', { A: { 0: 'x' }, B: { '01': 'y' } }],
    ['nothing', '', {}],
  ])('holds %s', (_, body, form) => {
    expect(readForm(body)).toEqual(form);
  });

  it('is not affected by names of prototype members', () => {
    const form = readForm('__proto__.polluted=1&constructor=2&toString.1=3');
    expect(Object.entries(form)).toEqual([
      ['__proto__', { polluted: '1' }],
      ['constructor', '2'],
      ['toString', ['3']],
    ]);
    expect(Object(form).polluted).toBeUndefined();
    expect(Object({}).polluted).toBeUndefined();
  });

  it.each(['A=1&A=2', 'A=1&A.B=2', 'A.B=2&A=1', 'A.1.B=1&A.1=2'])(
    'is rejected if it contradicts itself: %s',
    (body) => {
      expect(() => readForm(body)).toThrow(expect.objectContaining({ code: 'MalformedQueryString' }));
    },
  );

  it.each<[string, string]>([
    ['EC2', ''],
    ['AWS query', 'member.'],
  ])('reads what the protocol wrote: %s', (_, wrapper) => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 4 }), (form) => {
        const pairs = Object.entries(form).flatMap(([key, content]) => flatten(key, content, wrapper));
        expect(readForm(pairs.map(([key, text]) => `${key}=${encodeURIComponent(text)}`).join('&'))).toEqual(form);
      }),
    );
  });
});

const name = fc.stringMatching(/^[A-Za-z]{1,8}$/).filter((text) => text !== 'member');
const { value } = fc.letrec<{ value: FormValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { minLength: 1, maxLength: 12 }),
    fc.dictionary(name, tie('value'), { minKeys: 1, maxKeys: 3 }),
  ),
}));

/** The output of Smithy's serializers for both protocols. */
function flatten(path: string, content: FormValue, wrapper: string): [string, string][] {
  if (typeof content === 'string') return [[path, content]];
  const isList = Array.isArray(content);
  const parts: [string, FormValue][] = isList
    ? content.map((item, i) => [`${wrapper}${i + 1}`, item])
    : Object.entries(content as Form);
  return parts.flatMap(([part, inner]) => flatten(`${path}.${part}`, inner, wrapper));
}

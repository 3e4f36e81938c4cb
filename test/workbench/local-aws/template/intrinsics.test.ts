import { describe, expect, it } from '@jest/globals';
import { type Lookups, resolve } from '../../../../workbench/local-aws/template/intrinsics.ts';

const LOOKUPS: Lookups = {
  ref: (id) => `ref of ${id}`,
  attribute: (id, attribute) => `${attribute} of ${id}`,
};

const resolved = (value: unknown) => resolve(value, LOOKUPS, 'Here');

describe('an intrinsic function of a template', () => {
  it.each<[string, unknown, unknown]>([
    ['Ref', { Ref: 'Table' }, 'ref of Table'],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'Arn of Table'],
    ['Fn::GetAtt of a nested attribute', { 'Fn::GetAtt': 'Table.Stream.Arn' }, 'Stream.Arn of Table'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'B' }, 3]] }, 'a-ref of B-3'],
    ['Fn::Sub', { 'Fn::Sub': `a \${B} \${C.Arn} \${!D}` }, `a ref of B Arn of C \${D}`],
    ['Fn::Sub with variables', { 'Fn::Sub': [`\${own} \${B}`, { own: { Ref: 'X' } }] }, 'ref of X ref of B'],
  ])('%s gives its value on this machine', (_, value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it('is not assumed in an object with other keys too, nor in the Condition of a policy', () => {
    const policy = { Condition: { StringEquals: { 'aws:SourceArn': { Ref: 'Rule' } } } };
    expect(resolved(policy)).toEqual({ Condition: { StringEquals: { 'aws:SourceArn': 'ref of Rule' } } });
  });

  it.each<[string, unknown, RegExp]>([
    ['is unknown', { a: { 'Fn::Cidr': [] } }, /Here\.a\.Fn::Cidr: .*not implemented locally/],
    ['has malformed arguments', { 'Fn::Join': ['-'] }, /Here\.Fn::Join: malformed arguments/],
    ['is a dynamic reference', '{{resolve:ssm:x}}', /Here: dynamic references are not implemented locally/],
  ])('stops the runner with its position if it %s', (_, value, message) => {
    expect(() => resolved(value)).toThrow(message);
  });
});

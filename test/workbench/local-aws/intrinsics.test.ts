import { describe, expect, it } from '@jest/globals';
import { type Lookups, NO_VALUE, resolve } from '../../../workbench/local-aws/intrinsics.ts';

const LOOKUPS: Lookups = {
  ref: (id) => (id === 'AWS::NoValue' ? NO_VALUE : `ref of ${id}`),
  attribute: (id, attribute) => `${attribute} of ${id}`,
  mapping: (...keys) => keys.join('/'),
  condition: (name) => name === 'Yes',
};

const resolved = (value: unknown) => resolve(value, LOOKUPS, 'Here');

describe('an intrinsic function of a template', () => {
  it.each<[string, unknown, unknown]>([
    ['Ref', { Ref: 'Table' }, 'ref of Table'],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'Arn of Table'],
    ['Fn::GetAtt of a nested attribute', { 'Fn::GetAtt': 'Table.Stream.Arn' }, 'Stream.Arn of Table'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'B' }, 3]] }, 'a-ref of B-3'],
    ['Fn::Split and Fn::Select', { 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['Fn::Sub', { 'Fn::Sub': `a \${B} \${C.Arn} \${!D}` }, `a ref of B Arn of C \${D}`],
    ['Fn::Sub with variables', { 'Fn::Sub': [`\${own} \${B}`, { own: { Ref: 'X' } }] }, 'ref of X ref of B'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Map', 'a', 'b'] }, 'Map/a/b'],
    ['Fn::Base64', { 'Fn::Base64': 'text' }, 'dGV4dA=='],
    ['Fn::If, its branch taken alone', { 'Fn::If': ['Yes', 'then', { 'Fn::Unknown': 1 }] }, 'then'],
    ['conditions', { 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Not': [{ 'Fn::Equals': ['a', 'b'] }] }] }, true],
    ['Fn::Or', { 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Equals': [{ Ref: 'A' }, 'ref of A'] }] }, true],
  ])('%s gives its value on this machine', (_, value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it('leaves out what is AWS::NoValue', () => {
    expect(resolved({ a: { Ref: 'AWS::NoValue' }, b: [1, { 'Fn::If': ['No', 2, { Ref: 'AWS::NoValue' }] }] })).toEqual({
      b: [1],
    });
  });

  it('is not seen in an object that merely has such a key among others, nor in the Condition of a policy', () => {
    const policy = { Condition: { StringEquals: { 'aws:SourceArn': { Ref: 'Rule' } } } };
    expect(resolved(policy)).toEqual({ Condition: { StringEquals: { 'aws:SourceArn': 'ref of Rule' } } });
  });

  it.each<[string, unknown, RegExp]>([
    ['is unknown', { a: { 'Fn::Cidr': [] } }, /Here\.a\.Fn::Cidr: .*not implemented locally/],
    ['has malformed arguments', { 'Fn::Join': ['-'] }, /Here\.Fn::Join: malformed arguments/],
    ['selects what is not there', { 'Fn::Select': [2, ['a']] }, /Here\.Fn::Select: malformed/],
    ['is a dynamic reference', '{{resolve:ssm:x}}', /Here: dynamic references are not implemented locally/],
  ])('stops the runner, with its place, if it %s', (_, value, message) => {
    expect(() => resolved(value)).toThrow(message);
  });
});

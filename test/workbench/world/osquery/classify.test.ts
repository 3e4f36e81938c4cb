import { describe, expect, it } from '@jest/globals';
import { classify } from '../../../../workbench/world/osquery/classify.ts';

const verdictOn = (body: string) => {
  const verdict = classify(Buffer.from(body));
  return verdict.kind === 'fail' && verdict.nodeInvalid ? 'fail, key deleted' : verdict.kind;
};

describe('a response body (docs/spec/osquery-protocol.md §3.2)', () => {
  it.each([
    ['', 'ok'],
    ['{}', 'ok'],
    ['{"node_invalid":false}', 'ok'],
    ['{"message":"Too Many Requests"}', 'ok'],
    ['{"message":"Internal server error"}', 'ok'],
    ['{"errors":[]}', 'ok'],
    ['{"Error":"x"}', 'ok'],
    ['{"node_invalid":"true"}', 'ok'],
    ['{"node_invalid":1}', 'ok'],
    ['{"node_invalid":null}', 'ok'],
    ['[]', 'ok'],
    ['null', 'ok'],
    ['true', 'ok'],
    ['0', 'ok'],
    ['{} \n', 'ok'],
    ['{}\0anything', 'ok'],
    ['   ', 'fail'],
    ['{"error":"no"}', 'fail'],
    ['{"error":null}', 'fail'],
    ['{"error":""}', 'fail'],
    ['{"error":false}', 'fail'],
    ['{"node_invalid":false,"error":"later"}', 'fail'],
    ['<html></html>', 'fail'],
    ['Bad Gateway', 'fail'],
    ['{"queries":', 'fail'],
    ['{} {}', 'fail'],
    ['{"a":1,}', 'fail'],
    ['\ufeff{}', 'fail'],
    ['{"a":"line\nbreak"}', 'fail'],
    [`${'['.repeat(5000)}`, 'fail'],
    ['{"node_invalid":true}', 'fail, key deleted'],
    ['{"node_invalid":true,"error":"unknown key"}', 'fail, key deleted'],
    ['5', 'crash'],
    ['"ok"', 'crash'],
  ])('%j is %s', (body, expected) => {
    expect(verdictOn(body)).toBe(expected);
  });

  it('counts the first of duplicate members', () => {
    expect(verdictOn('{"node_invalid":false,"node_invalid":true}')).toBe('ok');
    expect(verdictOn('{"node_invalid":true,"node_invalid":false}')).toBe('fail, key deleted');
  });

  it('is a failure if it is gzip without being requested', () => {
    expect(classify(Buffer.from('1f8b0800', 'hex')).kind).toBe('fail');
  });
});

import { describe, expect, it } from '@jest/globals';
import { aRule, problemsOf } from './a-policy.ts';

const problemsOfQuery = (query: string) => problemsOf({ 'rules/a.yaml': aRule('', query) });

describe('the bindings of a query', () => {
  it.each([
    ['sql: SELECT name FROM processes WHERE pid = :pid', '6:51 :pid has no binding (add bind: { pid: <JMESPath> })'],
    [
      'sql: SELECT name FROM processes WHERE pid = :pod\n'.concat('bind: { pid: detail.pid }'),
      ':pod has no binding (did you mean :pid?)',
    ],
    ['sql: SELECT name FROM processes WHERE pid = ?', '? is no placeholder of Mayfly (write :name)'],
    [
      "sql: SELECT name FROM processes WHERE pid = :pid\nbind: { pid: 'detail.pid[' }",
      'not JMESPath: it ends too early',
    ],
    ["sql: SELECT name FROM processes WHERE pid = :pid\nbind: { pid: 'detail..pid' }", 'not JMESPath'],
    [
      "sql: SELECT name FROM processes WHERE pid = :pid\nbind: { pid: 'lenght(detail)' }",
      'JMESPath has no function lenght() (did you mean length()?)',
    ],
    [
      "sql: SELECT name FROM processes WHERE pid = :pid\nbind: { pid: 'a[?nope(@)]' }",
      'JMESPath has no function nope()',
    ],
    [
      "sql: SELECT name FROM processes WHERE pid = :pid\nbind: { pid: 'detail.instance-id' }",
      '7:36 not JMESPath: put a name with a hyphen in double quotes (write detail."instance-id")',
    ],
    [
      'sql: SELECT name FROM processes WHERE pid = :pid\nbind: { pid: \'detail.a-b[]."c-d" | e-5\' }',
      'in double quotes (write detail."a-b"[]."c-d" | "e-5")',
    ],
    ["sql: SELECT name FROM processes WHERE pid = :pid\nbind: { pid: 'detail.a-b[' }", 'not JMESPath: unexpected'],
  ])('%s', (query, problem) => {
    expect(problemsOfQuery(query)[0]).toEqual(expect.stringContaining(problem));
  });

  it('without a placeholder are rejected', () => {
    expect(problemsOfQuery('sql: SELECT name FROM processes\nbind: { pid: detail.pid }')).toEqual([
      'error rules/a.yaml:7:15 the SQL has no :pid (remove the binding or use it)',
    ]);
  });

  it('ignore a :name inside a text or a comment', () => {
    expect(problemsOfQuery("sql: SELECT ':pid' AS a, name /* :x */ FROM processes")).toEqual([]);
  });
});

describe('the evidence of a query', () => {
  it.each([
    ['evidence: uptme', 'evidence: the SQL returns no column "uptme" (it returns total_seconds)'],
    ['evidence: total_secs', 'did you mean total_seconds?'],
    ['alive: { total_seconds: ["1"] }', '"alive" says nothing without "evidence"'],
    ['evidence: total_seconds\nalive: { a: [x], b: [y] }', '"alive" names exactly one column'],
    ['evidence: total_seconds\nalive: { state: [x] }', 'alive: the SQL returns no column "state"'],
  ])('%s: %s', (lines, problem) => {
    expect(problemsOfQuery(`sql: SELECT total_seconds FROM uptime\n${lines}`)[0]).toEqual(
      expect.stringContaining(problem),
    );
  });
});

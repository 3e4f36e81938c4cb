import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { athenaRows, athenaSql } from '../../../../lib/cli/rows/athena-rows.ts';
import { searchRows } from '../../../../lib/cli/rows/search-rows.ts';
import { rowOf, type StoredRow } from '../../../../lib/cli/rows/stored-row.ts';
import { columnsOf } from '../../../../lib/core/results/line-fields.ts';
import { aLine } from '../../../support/a-line.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const athena = mockClient(AthenaClient);
afterAll(() => athena.restore());
const client = new AthenaClient({ region: 'eu-west-1' });
const TABLES = { database: 'mayfly_db', workgroup: 'mayfly-wg' };
const FILTER = { fromMs: T0, untilMs: T0 + 30 * MINUTE };
const COLUMNS = columnsOf('results');

/** A row of Athena's answer: values as text, a missing one for null. */
const answered = (line: object) => ({
  Data: COLUMNS.map(({ field }) => {
    const value: unknown = Object(line)[field];
    if (value === undefined || value === null) return {};
    return { VarCharValue: typeof value === 'object' ? JSON.stringify(value) : String(value) };
  }),
});
const HEADER = { Data: COLUMNS.map(({ name }) => ({ VarCharValue: name })) };

const waits: number[] = [];
const rows = (filter = FILTER) =>
  athenaRows(client, TABLES, { filter, skip: 0, limit: 10 }, async (ms) => void waits.push(ms));

beforeEach(() => {
  waits.length = 0;
  athena.reset();
  athena.on(StartQueryExecutionCommand).resolves({ QueryExecutionId: 'q1' });
});

describe('rows from Athena', () => {
  const lines = [aLine(), aLine({ id: 'b', columns: null, workload: null, status: 1, givenUp: 'unanswered' })];

  it('are those of the files, over every page of the answer', async () => {
    athena
      .on(GetQueryExecutionCommand)
      .resolvesOnce({ QueryExecution: { Status: { State: 'QUEUED' } } })
      .resolvesOnce({ QueryExecution: { Status: { State: 'RUNNING' } } })
      .resolves({ QueryExecution: { Status: { State: 'SUCCEEDED' }, Statistics: { DataScannedInBytes: 5000 } } });
    athena
      .on(GetQueryResultsCommand)
      .resolvesOnce({ ResultSet: { Rows: [HEADER, answered(lines[0] ?? {})] }, NextToken: 'more' })
      .resolves({ ResultSet: { Rows: [answered(lines[1] ?? {})] } });
    const expected = lines.map((line): StoredRow | undefined => rowOf(line));
    expect(await rows()).toEqual({ rows: expected, scannedBytes: 5000 });
    expect(waits).toEqual([200, 300]);
    expect(athena.commandCalls(StartQueryExecutionCommand)[0]?.args[0].input).toMatchObject({
      QueryExecutionContext: { Database: 'mayfly_db' },
      WorkGroup: 'mayfly-wg',
    });
  });

  it.each([
    [
      'Bytes scanned limit was exceeded\u001b[2J',
      'Athena did not answer: Bytes scanned limit was exceeded [2J',
      'shorter span',
    ],
    ['Access denied when writing output', 'Athena did not answer: Access denied', 'lists the permissions'],
    ['TABLE_NOT_FOUND: results', 'Athena did not answer: TABLE_NOT_FOUND: results', '--query-execution-id q1'],
  ])('are an error with the reason and the next step, if Athena gives up: %j', async (reason, message, next) => {
    athena.on(GetQueryExecutionCommand).resolves({
      QueryExecution: { Status: { State: 'FAILED', StateChangeReason: reason } },
    });
    await expect(rows()).rejects.toMatchObject({
      message: expect.stringContaining(message),
      next: expect.stringContaining(next),
    });
  });

  it('are of a page with more after it, even if some of its rows were stored twice', async () => {
    athena.on(GetQueryExecutionCommand).resolves({ QueryExecution: { Status: { State: 'SUCCEEDED' } } });
    const twice = answered(aLine());
    const Rows = [HEADER, twice, twice, answered(aLine({ id: 'c' }))];
    athena.on(GetQueryResultsCommand).resolves({ ResultSet: { Rows } });
    const search = { filter: FILTER, skip: 0, limit: 2 };
    const page = await searchRows({ data: '', table: 't', ...TABLES }, search);
    expect(page).toMatchObject({ rows: [{ id: aLine().id }], hasMore: true });
    expect(page.rows).toHaveLength(1);
    const [start] = athena.commandCalls(StartQueryExecutionCommand);
    expect(start?.args[0].input.QueryString).toMatch(/OFFSET 0 LIMIT 3$/);
  });

  it('stop their query on Ctrl-C, and end with 130', async () => {
    const exit = jest.spyOn(process, 'exit').mockReturnValue(undefined as never);
    athena.on(GetQueryExecutionCommand).resolves({ QueryExecution: { Status: { State: 'RUNNING' } } });
    athena.on(StopQueryExecutionCommand).callsFake(async () => {
      athena.on(GetQueryExecutionCommand).resolves({ QueryExecution: { Status: { State: 'CANCELLED' } } });
    });
    const asked = athenaRows(client, TABLES, { filter: FILTER, skip: 0, limit: 10 }, async () => {
      process.emit('SIGINT');
      await new Promise(setImmediate);
    });
    await expect(asked).rejects.toThrow('Athena did not answer: CANCELLED');
    expect(athena.commandCalls(StopQueryExecutionCommand)[0]?.args[0].input).toEqual({ QueryExecutionId: 'q1' });
    expect(exit).toHaveBeenCalledWith(130);
    exit.mockRestore();
  });
});

describe('the query for Athena', () => {
  it('reads only the partitions of its span, and an hour around them', () => {
    const sql = athenaSql(FILTER, 0, 200);
    expect(sql).toContain("WHERE datehour BETWEEN '2026/11/20/09' AND '2026/11/20/11'\n");
    expect(sql).toContain(`  AND stored_at_ms BETWEEN ${T0} AND ${T0 + 30 * MINUTE}\n`);
    expect(sql).toMatch(/ORDER BY stored_at_ms DESC, id\nOFFSET 0 LIMIT 200$/);
  });

  it('selects every column, maps as JSON', () => {
    const [selected = ''] = athenaSql(FILTER, 0, 1).split('\n');
    for (const { name } of COLUMNS) expect(selected).toContain(`"${name}"`);
    expect(selected).toContain('json_format(CAST("columns" AS JSON)) AS "columns"');
  });

  it('quotes hostile values', () => {
    const sql = athenaSql({ ...FILTER, host: "' OR 1=1 --", rule: 'r', named: "x') --" }, 5, 1);
    expect(sql).toContain(`"host" = ''' OR 1=1 --'\n`);
    expect(sql).toContain(`"rule" = 'r'\n`);
    expect(sql).toContain(`starts_with("query", 'x'') --')`);
  });
});

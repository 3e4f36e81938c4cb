import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { pack, unpacked } from '../../../../lib/aws/table/packed-json.ts';
import { readRow } from '../../../../lib/aws/table/row-schema.ts';

const Row = z.object({ query: unpacked(z.object({ sql: z.string(), workload: z.optional(z.string()) })) });
const read = (query: unknown) => readRow(Row, { pk: 'HOST#h', sk: 'q#1#a', query }).query;

describe('a packed attribute', () => {
  const query = { sql: "SELECT id FROM docker_containers WHERE id IN ('9fd3')", workload: undefined };

  it('is read as it was written, without undefined properties', () => {
    expect(read(pack(query))).toEqual({ sql: query.sql });
  });

  it('may be the value itself, as earlier versions wrote it', () => {
    expect(read({ sql: query.sql })).toEqual({ sql: query.sql });
  });

  it('can be read after an update of Mayfly: these bytes are what this version wrote', () => {
    const written = Buffer.from('q0YNMNx5BjXaLdNSjNU1lWoB', 'base64');
    expect(read(written)).toEqual({ sql: query.sql });
  });

  it('is unreadable if its bytes are damaged or hold something else', () => {
    const unreadable = expect.objectContaining({ code: 'ROW_UNREADABLE' });
    expect(() => read(pack(query).subarray(3))).toThrow(unreadable);
    expect(() => read(pack({ sql: 7 }))).toThrow(unreadable);
  });
});

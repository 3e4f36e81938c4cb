import { describe, expect, it } from '@jest/globals';
import { renderSql } from '../../../../lib/core/sql/render.ts';
import { aTable } from '../../../support/dynamodb.ts';

describe('rendered SQL', () => {
  it('binds a list inside IN', async () => {
    expect((await aTable()).name).toMatch(/^mayfly/);
    expect(renderSql('SELECT 1 WHERE id IN (:ids)', { ids: ['a', "b'c"] })).toBe("SELECT 1 WHERE id IN ('a', 'b''c')");
  });
});

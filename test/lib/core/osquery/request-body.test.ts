import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { RequestBody } from '../../../../lib/core/osquery/request-body.ts';

const KEY = `mf1.sz0001.${'a'.repeat(24)}.${'b'.repeat(43)}`;
const MiB = 1024 * 1024;
const noise = (bytes: number): string => Array.from({ length: bytes / 8 }, (_, n) => `${n}`.padStart(8, 'x')).join('');
const bounds = { maxBytes: 64 * MiB, maxInflatedBytes: 10 * MiB, maxValues: 1000, maxDepth: 4 };

describe('a node key in a body', () => {
  const lines = [{ columns: { path: noise(2 * MiB) } }];
  it.each<[string, Record<string, unknown>]>([
    ['last, as osquery writes it', { data: lines, log_type: 'result', node_key: KEY }],
    ['last of an answer', { queries: { a: lines }, statuses: { a: 0 }, messages: { a: '' }, stats: {}, node_key: KEY }],
    ['first', { node_key: KEY, log_type: 'result', data: lines }],
    ['behind other members of a short body', { a: noise(40_000), node_key: KEY, b: noise(40_000) }],
  ])('is found at any position: %s', async (_, document) => {
    const body = new RequestBody(Buffer.from(JSON.stringify(document)).toString('base64'), 'base64');
    expect((await body.claimedKeys(true))[0]).toBe(KEY);
    expect(body.work.decodedBytes).toBeLessThan(110_000);
  });

  it('is found at the beginning of gzip, where osquery writes it, without reading the rest', async () => {
    const packed = gzipSync(JSON.stringify({ node_key: KEY, log_type: 'result', data: lines }), { level: 9 });
    const body = RequestBody.of(packed);
    expect(await body.claimedKeys(true)).toEqual([KEY]);
    expect(body.work.inflatedBytes).toBeLessThanOrEqual(48 * 1024);
    expect(await body.claimedKeys(false)).toEqual([]);
  });

  it('is found in gzip at any compression ratio', async () => {
    const packed = gzipSync(`{"node_key":"${KEY}","data":[${'{},'.repeat(3 * MiB)}{}]}`);
    const body = RequestBody.of(packed);
    expect(await body.claimedKeys(true)).toEqual([KEY]);
    expect(body.work.inflatedBytes).toBeLessThanOrEqual(48 * 1024);
  });

  it('is not hidden by a column of the same name in a row', async () => {
    const decoy = `mf1.sz0002.${'c'.repeat(24)}.${'d'.repeat(43)}`;
    const rows = Array.from({ length: 50 }, () => ({ columns: { node_key: decoy } }));
    for (const document of [
      { data: rows, log_type: 'result', node_key: KEY },
      { node_key: KEY, log_type: 'result', data: rows },
    ]) {
      expect(await RequestBody.of(Buffer.from(JSON.stringify(document))).claimedKeys(true)).toContain(KEY);
    }
  });

  it('is not found inside a text', async () => {
    const body = Buffer.from(JSON.stringify({ data: [JSON.stringify({ node_key: KEY })] }));
    expect(await RequestBody.of(body).claimedKeys(true)).toEqual([]);
  });

  it.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['gzip', (text: string) => gzipSync(text)],
  ])('is not kept with a quarantined body: %s', async (_, pack) => {
    for (const size of [100, MiB, 12 * MiB]) {
      const kept = await RequestBody.of(pack(`{"node_key":"${KEY}","data":"${'x'.repeat(size)}`)).keepsake();
      expect(kept.toString()).toMatch(/^\{"node_key":"mf1\.redacted","data":"x{100}/);
      expect(kept.length).toBeLessThanOrEqual(720_000);
    }
  });
});

describe('a body', () => {
  it.each([
    ['at the bounds', `[[[[${'1,'.repeat(995)}1]]]]`, undefined],
    ['one value beyond', `[[[[${'1,'.repeat(996)}1]]]]`, /more than 1000 values/],
    ['one level beyond', '[[[[[]]]]]', /deeper than 4 levels/],
    ['with brackets and commas in texts', JSON.stringify(['[[[[[[', '{{{{{\\"', ','.repeat(2000), '\\']), undefined],
  ])('is parsed within limits: %s', (_, text, problem) => {
    for (const body of [Buffer.from(text), gzipSync(text)]) {
      const parsed = (): unknown => RequestBody.of(body).document(bounds);
      if (problem === undefined) expect(parsed()).toEqual(JSON.parse(text));
      else expect(parsed).toThrow(problem);
    }
  });

  it('is inflated within limits', () => {
    expect(() => RequestBody.of(gzipSync('1'.repeat(10 * MiB + 1))).document(bounds)).toThrow(/grows beyond/);
    expect(() => RequestBody.of(gzipSync('{}')).document({ ...bounds, maxInflatedBytes: 0 })).toThrow(
      /accepted for logs only/,
    );
  });

  it('is the same if it is passed as text', async () => {
    const text = JSON.stringify({ x: 'ü\u{1F600}', node_key: KEY });
    const body = new RequestBody(text, 'utf8');
    expect(body.document(bounds)).toEqual(JSON.parse(text));
    expect([body.size, await body.claimedKeys(false)]).toEqual([Buffer.byteLength(text), [KEY]]);
  });
});

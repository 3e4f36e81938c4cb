import { beforeAll, describe, expect, it } from '@jest/globals';
import { RequestBody } from '../../lib/core/osquery/request-body.ts';
import type { Report } from '../../lib/core/reports/report.ts';
import { classify } from '../../workbench/world/osquery/classify.ts';
import { printed } from '../support/embedded-metrics.ts';
import { aWatchedApi, type StrangersRequest, strangersRequests } from '../support/strangers.ts';

const KiB = 1024;

/*
 * What a request may cost before its key or secret is known to be ours. CPU and heap are measured by `npm run
 * bench -- strangers`; here is what they come from.
 */
describe('a request without a valid key', () => {
  let requests: readonly StrangersRequest[];
  beforeAll(() => {
    requests = strangersRequests();
  });

  it('is rejected without an AWS call, and little of it is read', async () => {
    const reports: ((report: Report) => void)[] = [];
    const { api, calls } = aWatchedApi((event, fields) => void reports.push((report) => report(event, fields)));
    const texts = new Map(requests.map(({ body }) => [body, ''])); // each body comes with many paths and headers
    for (const body of texts.keys()) texts.set(body, body.toString('base64'));
    for (const { name, path, body, authorization } of requests) {
      const lines = reports.length;
      const request = new RequestBody(texts.get(body) ?? '', 'base64');
      const reply = await api.answer({ method: 'POST', path, body: request, authorization, timeLeftMs: () => 15_000 });
      expect([name, classify(Buffer.from(reply.body)).kind]).toEqual([name, 'fail']);
      const { decodedBytes, inflatedBytes, parsedBytes } = request.work;
      expect([name, decodedBytes <= 128 * KiB, inflatedBytes <= 64 * KiB, parsedBytes <= 64 * KiB]).toEqual([
        name,
        true,
        true,
        true,
      ]);
      expect([name, reports.length - lines <= 1]).toEqual([name, true]);
    }
    expect(calls).toEqual([]);
    // All reports there were, as the function prints them.
    const printedLines = reports.map((repeat) => printed(repeat).bytes);
    expect(reports.length).toBeGreaterThan(0);
    expect(Math.max(...printedLines)).toBeLessThanOrEqual(300);
  });
});

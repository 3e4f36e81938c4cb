import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type CountedRun, USAGE_FILE } from '../../../lib/cost/counted-run.ts';
import { NOTHING } from '../../../lib/cost/usage.ts';
import { aFolder, mayfly } from '../../support/command.ts';

const RUN: CountedRun = {
  startedAt: '2026-11-01T12:00:00.000Z',
  seconds: 60,
  front: 'serverless',
  operations: { ...NOTHING, poll: 10, taskEvent: 5, ask: 1, delivery: 1, message: 6, batch: 3 },
  units: { gatewayRequests: 11, invocations: 14, readUnits: 28, writeUnits: 42, queueRequests: 12, gbSeconds: 1.4 },
  meanSeconds: { request: 0.1, batch: 0.5, sweep: 0 },
  functions: { 'tls-api': { invocations: 11, gbSeconds: 0.5 } },
  firehose: { requests: 1, gb: 0.000005 },
  busEvents: 0,
};

describe('mayfly cost --data', () => {
  it('prints what a run used beside the estimate for the same operations', async () => {
    const data = aFolder();
    await writeFile(join(data, USAGE_FILE), JSON.stringify(RUN));
    const { code, stdout } = await mayfly('cost', '--data', data);
    expect(code).toBe(0);
    expect(stdout).toMatch(/API requests +11 +11 +0 %/);
    expect(stdout).toMatch(/write units +42 +21 +100 %/); // five events of 1.8 units, an ask and a delivery of 6 each
    expect(stdout).toMatch(/GB-seconds +1.40 +1.30 +8 %/); // half a GB for eleven requests of 0.1 s and three batches of 0.5 s
    expect(stdout).toContain('tls-api: 11 invocations, 0.5 GB-seconds');
  });

  it('does not compare the requests of the long-poll front, and says so', async () => {
    const data = aFolder();
    const operations = { ...NOTHING, poll: 10, message: 6, batch: 3 };
    await writeFile(join(data, USAGE_FILE), JSON.stringify({ ...RUN, front: 'service', operations }));
    const { stdout } = await mayfly('cost', '--data', data);
    expect(stdout).not.toContain('API requests');
    expect(stdout).toMatch(/read units +28 +605/); // ten looks of half a unit, and 600 for hints in a minute
    expect(stdout).toMatch(/Not compared: the front/);
  });

  it('does not read the file of another version', async () => {
    const data = aFolder();
    await writeFile(join(data, USAGE_FILE), JSON.stringify({ ...RUN, operations: { polls: 10 } }));
    expect((await mayfly('cost', '--data', data)).code).toBe(1);
  });

  it('names what to do where no run was counted', async () => {
    const { code, stderr } = await mayfly('cost', '--data', aFolder());
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no run of a local Mayfly was counted/)]);
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type CountedRun, USAGE_FILE } from '../../../lib/cost/counted-run.ts';
import { aFolder, mayfly } from './policy/harness.ts';

const RUN: CountedRun = {
  startedAt: '2026-11-01T12:00:00.000Z',
  seconds: 60,
  operations: { polls: 10, presences: 0, requests: 0, enrollments: 0, events: 6, batches: 3, deliveries: 1, sweeps: 0 },
  units: { gatewayRequests: 11, invocations: 14, readUnits: 28, writeUnits: 42, queueRequests: 12 },
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
    expect(stdout).toMatch(/write units +42 +28 +50 %/); // six events of 2.5 units, one delivery of 13
    expect(stdout).toContain('tls-api: 11 invocations, 0.5 GB-seconds');
  });

  it('names what to do where no run was counted', async () => {
    const { code, stderr } = await mayfly('cost', '--data', aFolder());
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no run of a local Mayfly was counted/)]);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isNews, merged } from '../../../../lib/core/ledger/merge.ts';
import type { TaskContainer, WorkloadSnapshot } from '../../../../lib/core/ledger/workload.ts';
import { aSnapshot } from '../../../support/a-record.ts';

const api: TaskContainer = {
  name: 'api',
  lastStatus: 'RUNNING',
  runtimeId: 'a',
  image: 'api:1',
  imageDigest: 'sha256:1',
};
const running = aSnapshot(1, {
  version: 5,
  subjects: ['a'],
  containers: [api],
  identity: { cluster: 'c', ip: '10.0.3.7' },
});
const stopped = aSnapshot(1, { version: 9, subjects: [], containers: [], stopped: true, lastStatus: 'STOPPED' });

describe('a newer snapshot', () => {
  it('keeps facts that it leaves out', () => {
    expect(merged(running, stopped)).toMatchObject({
      version: 9,
      stopped: true,
      subjects: ['a'],
      containers: [{ ...api, lastStatus: 'STOPPED' }],
      identity: { cluster: 'c', ip: '10.0.3.7' },
    });
  });

  it('keeps the times it leaves out', () => {
    const times = { createdAtMs: 1, startedAtMs: 2 };
    expect(merged({ ...running, times }, { ...stopped, times: { startedAtMs: 3, stoppedAtMs: 4 } }).times).toEqual({
      createdAtMs: 1,
      startedAtMs: 3,
      stoppedAtMs: 4,
    });
    expect(merged({ ...running, times }, stopped).times).toEqual(times);
  });

  it('replaces every fact that it contains', () => {
    const ended = {
      ...stopped,
      containers: [{ name: 'api', lastStatus: 'STOPPED', exitCode: 1 }],
      identity: { ip: '10.0.3.8' },
    };
    expect(merged(running, ended)).toMatchObject({
      containers: [{ ...api, lastStatus: 'STOPPED', exitCode: 1 }],
      identity: { cluster: 'c', ip: '10.0.3.8' },
    });
    expect(merged(undefined, running)).toEqual(running);
  });

  it('occurs at the latest when it is received, even if its timestamp lies in the future', () => {
    const ahead = { ...running, occurredAtMs: Date.parse('+050000-01-01T00:00:00Z') };
    for (const known of [undefined, running]) expect(merged(known, ahead).occurredAtMs).toBe(running.receivedAtMs);
  });

  it('never loses an id or a digest', () => {
    const word = fc.constantFrom('x', 'y', 'z');
    const container = fc.record(
      { name: word, lastStatus: word, runtimeId: word, imageDigest: word },
      { requiredKeys: ['name', 'lastStatus'] },
    );
    const snapshot = fc
      .uniqueArray(container, { selector: ({ name }) => name })
      .map((containers) =>
        aSnapshot(1, { containers, subjects: containers.flatMap(({ runtimeId }) => runtimeId ?? []) }),
      );
    fc.assert(
      fc.property(fc.array(snapshot, { minLength: 1, maxLength: 5 }), (snapshots) => {
        const last = snapshots.reduce(merged);
        for (const container of snapshots.flatMap(({ containers }) => containers)) expectKept(container, last);
        expect(new Set(last.containers.map(({ name }) => name)).size).toBe(last.containers.length);
      }),
    );
  });
});

/** An id and a digest that one snapshot has are in the merged one. */
function expectKept({ name, runtimeId, imageDigest }: TaskContainer, last: WorkloadSnapshot): void {
  const kept = last.containers.find((one) => one.name === name);
  if (runtimeId) expect(last.subjects).toContain(kept?.runtimeId);
  if (imageDigest) expect(kept?.imageDigest).toBeDefined();
}

it('is handled if it is newer, or if its handling never finished', () => {
  expect(isNews(undefined, running)).toBe(true);
  expect(isNews({ version: 4, handledVersion: 4 }, running)).toBe(true);
  expect(isNews({ version: 5, handledVersion: 4 }, running)).toBe(true);
  expect(isNews({ version: 5, handledVersion: 5 }, running)).toBe(false);
  expect(isNews({ version: 6, handledVersion: 4 }, running)).toBe(false);
});

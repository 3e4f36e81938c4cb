import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../lib/aws/nodes/node-directory.ts';
import { DynamoPolicyStore } from '../../../lib/aws/policy/policy-store.ts';
import { judgeAlarms } from '../../../lib/cli/doctor/alarms.ts';
import { type EndpointAnswer, judgeEndpoint } from '../../../lib/cli/doctor/endpoint.ts';
import { judgeReconciler } from '../../../lib/cli/doctor/fleet-checks.ts';
import { judgeHost } from '../../../lib/cli/doctor/host-checks.ts';
import { judgeSecret } from '../../../lib/cli/doctor/secret-checks.ts';
import { directoryEntryOf } from '../../../lib/core/nodes/directory.ts';
import { aVersion } from '../../support/a-policy.ts';
import { theCertificate } from '../../support/certificate.ts';
import { jsonLines } from '../../support/command.ts';
import { aFolder } from '../../support/folder.ts';
import { aMayflyWithQueues } from './mayfly-with-queues.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const DAY = 86_400_000;
const url = 'https://mayfly.example.com/enroll';

const levels = (checks: readonly { area: string; level: string }[]) =>
  checks.map(({ area, level }) => `${area} ${level}`);

describe('the endpoint', () => {
  const answer = (of: Partial<EndpointAnswer> = {}): EndpointAnswer => ({
    ...{ status: 200, body: '{"error":"The enroll secret is wrong."}', serverMs: NOW, expiresAtMs: NOW + 90 * DAY },
    ...of,
  });
  const judged = (of: Partial<EndpointAnswer>) => levels(judgeEndpoint(answer(of), { url }, NOW));

  it.each<[string, Partial<EndpointAnswer>, string[]]>([
    ['refuses a wrong secret', {}, ['path OK', 'certificate OK', 'clock OK']],
    ['accepts a wrong secret', { body: '{"node_key":"x"}' }, ['path FAIL', 'certificate OK', 'clock OK']],
    ['is not Mayfly', { status: 404, body: '<html>' }, ['path FAIL', 'certificate OK', 'clock OK']],
    ['fails', { status: 503, body: '{"error":"x"}' }, ['path FAIL', 'certificate OK', 'clock OK']],
    ['has a certificate that ends soon', { expiresAtMs: NOW + 9 * DAY }, ['path OK', 'certificate WARN', 'clock OK']],
    ['has a certificate that ended', { expiresAtMs: NOW - DAY }, ['path OK', 'certificate FAIL', 'clock OK']],
    ['has another clock', { serverMs: NOW - 45_000 }, ['path OK', 'certificate OK', 'clock WARN']],
    ['has quite another clock', { serverMs: NOW + 600_000 }, ['path OK', 'certificate OK', 'clock FAIL']],
    ['sends no Date', { serverMs: Number.NaN }, ['path OK', 'certificate OK', 'clock WARN']],
  ])('that %s is judged', (_, of, expected) => {
    expect(judged(of)).toEqual(expected);
  });
});

describe('a secret', () => {
  const version = (days: number) => ({ id: 'v', createdAtMs: NOW - days * DAY });
  it.each([
    [version(3), undefined, 'OK'],
    [version(3), version(90), 'OK'],
    [version(31), version(90), 'WARN'],
    [version(400), undefined, 'WARN'],
    [undefined, undefined, 'FAIL'],
  ])('with the values %j and %j is judged', (current, previous, level) => {
    expect(judgeSecret('web', { current, previous }, ' web --stack M', NOW)).toMatchObject({ level });
  });
});

describe('the reconciler', () => {
  it.each([
    [{}, 'WARN'],
    [{ beganMs: NOW - DAY, tasksSinceMs: NOW - 60_000, instancesSinceMs: NOW - 60_000 }, 'OK'],
    [{ beganMs: NOW - DAY, tasksSinceMs: NOW - 60_000, instancesSinceMs: NOW - 3_600_000 }, 'FAIL'],
  ])('in the state %j is judged', (state, level) => {
    expect(judgeReconciler(state, NOW)).toMatchObject({ level });
  });
});

describe('alarms', () => {
  it('fail while one is in alarm, with its description as the next step', () => {
    const alarm = { AlarmName: 'Coverage', AlarmDescription: 'See Coverage.', StateValue: 'ALARM' as const };
    expect(judgeAlarms([alarm, { AlarmName: 'x', StateValue: 'OK' }])).toEqual([
      { area: 'alarms', level: 'FAIL', message: 'Coverage', next: 'See Coverage.' },
    ]);
    expect(levels(judgeAlarms([{ StateValue: 'OK' }, { StateValue: 'INSUFFICIENT_DATA' }]))).toEqual(['alarms OK']);
  });
});

describe('mayfly doctor', () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of cleanUp.splice(0)) await step();
  });

  /** A Mayfly whose endpoint refuses wrong secrets. */
  async function aMayflyWithEndpoint() {
    const { cert, key } = await theCertificate();
    const server = createServer({ cert, key }, (_, response) =>
      response.end('{"error":"The enroll secret is wrong."}'),
    );
    await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
    const certificate = join(aFolder(), 'certificate.pem');
    writeFileSync(certificate, cert);
    const { port } = server.address() as AddressInfo;
    const cared = await aMayflyWithQueues({ url: `https://localhost:${port}`, certificate });
    cleanUp.push(() => server.close(), cared.close);
    await new DynamoPolicyStore(cared.world.table).push(aVersion(1), 0);
    return cared;
  }
  const checksIn = (stdout: string) => Object(jsonLines(stdout)[0]).checks;

  it('checks every part, and prints the next step that can be pasted', async () => {
    const cared = await aMayflyWithEndpoint();
    const { code, stdout } = await cared.ask('doctor', '--json');
    expect([code, levels(checksIn(stdout))]).toEqual([
      0,
      [
        ...['secret OK', 'secret OK', 'secret OK', 'path OK', 'certificate OK', 'clock OK', 'queues OK'],
        ...['policy OK', 'reconciler WARN', 'nodes WARN', 'fleet OK'],
      ],
    ]);
    const text = await cared.ask('doctor');
    expect(text.stdout).toMatch(/^WARN {2}nodes: no node is enrolled\n {6}"npx mayfly host flags --data \//m);
    expect(text.stdout).toContain('9 OK, 2 WARN, 0 FAIL');
  });

  it('fails for dead letters, and for what it cannot reach, and still makes the other checks', async () => {
    const cared = await aMayflyWithQueues();
    cleanUp.push(cared.close);
    await cared.bury({ any: 'event' });
    const { code, stdout } = await cared.ask('doctor', '--json');
    expect([code, levels(checksIn(stdout))]).toEqual([
      1,
      expect.arrayContaining(['path FAIL', 'queues FAIL', 'secret OK', 'policy FAIL']),
    ]);
  });

  it('checks one host', async () => {
    const cared = await aMayflyWithEndpoint();
    const { world } = cared;
    const node = await world.aNode('web-1', {});
    await new DynamoNodeDirectory(world.table, Date.now).record(directoryEntryOf(node), Date.now() + 60_000);
    await world.ports.fleetIssues.record('identifier-shared', 'web-1', 'another agent lives', Date.now());
    const { stdout } = await cared.ask('doctor', 'web-1', '--json');
    const ofHost = checksIn(stdout).filter(({ area }: { area: string }) => area === 'host web-1');
    expect(ofHost).toContainEqual(
      expect.objectContaining({ level: 'WARN', message: expect.stringContaining('identifier-shared') }),
    );
    const unknown = await cared.ask('doctor', 'web-9');
    expect([unknown.code, unknown.stdout]).toEqual([1, expect.stringContaining('no node of that name is enrolled')]);
  });

  it('says of a living host what it runs and what waits for it', async () => {
    const cared = await aMayflyWithEndpoint();
    const node = {
      ...(await cared.world.aNode('web-1', {})),
      enrolledAtMs: NOW,
      lastSeenMs: NOW,
      expiresAtMs: NOW + DAY,
    };
    const facts = {
      ...{ host: 'web-1', issues: [], denylisted: [], live: aVersion(1) },
      entry: directoryEntryOf(node, 'default'),
      partition: { node, pending: [], deliveries: [] },
    };
    const messages = judgeHost(facts, '', NOW + 60_000).map(({ level, message }) => `${level} ${message}`);
    expect(messages).toEqual([
      expect.stringMatching(/^OK enrolled 2026/),
      expect.stringMatching(/^OK last poll 2026.* or later$/),
      expect.stringMatching(/^OK profile \S+; it has not reported/),
      'OK 0 pending queries, 0 deliveries without all answers',
    ]);
    expect(levels(judgeHost(facts, '', NOW + 3_600_000)).filter((line) => line.endsWith('FAIL'))).toHaveLength(1);
  });
});

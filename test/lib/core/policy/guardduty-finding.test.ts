import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findingOf, findingSubjects } from '../../../../lib/core/policy/guardduty-finding.ts';
import { namedBy } from '../../../../lib/core/policy/target.ts';
import { aFinding, aSequence, aTaskResource, withResource, withService } from '../../../support/a-finding.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';

const TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';
const ON_ECS = 'i-0a1b2c3d4e5f60718';
const keyOf = (event: unknown) => findingOf(event)?.key;
const resource = (change: Record<string, unknown>) => (detail: Record<string, unknown>) => ({
  ...detail,
  resource: { ...(detail.resource as object), ...change },
});

describe('a finding that is published again', () => {
  const cluster = (count: number) => withResource({ ...aTaskResource(TASK), runningTasksCount: count });
  const withInfo = (value: object) =>
    withService({ additionalInfo: { type: 'default', value: JSON.stringify(value) } });
  const signals = (count: number, lastSeenAt: string) =>
    withService({ detection: { sequence: { signals: [{ uid: 's', count, lastSeenAt, updatedAt: lastSeenAt }] } } });
  const talk = (connection: object) => {
    const remoteIpDetails = { ipAddressV4: '198.51.100.7', country: { countryName: 'X' } };
    const networkConnectionAction = { connectionDirection: 'OUTBOUND', remoteIpDetails, ...connection };
    return withService({ action: { actionType: 'NETWORK_CONNECTION', networkConnectionAction } });
  };
  const port = (port: number) => ({ port });
  const outbound = (local: number, remote: number) =>
    talk({ localPortDetails: port(local), remotePortDetails: port(remote) });
  const inbound = (local: number, remote: number) =>
    talk({ connectionDirection: 'INBOUND', localPortDetails: port(local), remotePortDetails: port(remote) });
  const from = (ipAddressV4: string) => talk({ remoteIpDetails: { ipAddressV4 } });
  const probed = (local: number, ipAddressV4: string) => {
    const portProbeDetails = [{ localPortDetails: port(local), remoteIpDetails: { ipAddressV4 } }];
    return withService({ action: { actionType: 'PORT_PROBE', portProbeAction: { portProbeDetails } } });
  };
  const process = (change: object) => {
    const process = { pid: 7, uuid: 'a', executablePath: '/tmp/x', executableSha256: 'ab', startTime: 's', ...change };
    return withService({ runtimeDetails: { process } });
  };
  const changedBy = (executablePath: string) =>
    withService({ runtimeDetails: { context: { modifyingProcess: { executablePath } } } });
  const malware = (hash: string) => withService({ malwareScanDetails: { threats: [{ itemPaths: [{ hash }] }] } });
  const attack = (name: string) => withService({ detection: { sequence: { signals: [{ type: 'FINDING', name }] } } });
  const task = (change: object) => {
    const { ecsClusterDetails, ...rest } = aTaskResource(TASK, ['c1']);
    const taskDetails = { ...ecsClusterDetails.taskDetails, ...change };
    return withResource({ ...rest, ecsClusterDetails: { ...ecsClusterDetails, taskDetails } });
  };

  it.each<[string, AnyEvent, AnyEvent]>([
    ['with new counts and times', aFinding(1), aFinding(400)],
    ['to the administrator account', aFinding(1), { ...aFinding(1), account: '999999999999' }],
    [
      'by the detector of another account',
      aFinding(1),
      aFinding(1, (detail) => ({ ...withService({ detectorId: 'other' })(detail), arn: 'arn:aws:guardduty:other' })),
    ],
    ['with a note by a user', aFinding(1), aFinding(1, withService({ userFeedback: 'USEFUL', archived: true }))],
    ['with more bytes', aFinding(1, withInfo({ bytes: '10', n: 2 })), aFinding(1, withInfo({ bytes: '99', n: 3 }))],
    ['with counts of its cluster', aFinding(1, cluster(3)), aFinding(1, cluster(4))],
    ['with counts of its signals', aFinding(1, signals(1, 'a')), aFinding(1, signals(9, 'b'))],
    [
      'with its lists in another order',
      aFinding(1, resource({ tags: [1, 2] })),
      aFinding(1, resource({ tags: [2, 1] })),
    ],
    [
      'with its members in another order',
      aFinding(1),
      aFinding(1, (detail) => Object.fromEntries(Object.entries(detail).reverse())),
    ],
    ['with another local port', aFinding(1, outbound(40_001, 443)), aFinding(1, outbound(51_234, 443))],
    ['with another remote port', aFinding(1, inbound(22, 40_001)), aFinding(1, inbound(22, 51_234))],
    ['with another scanner', aFinding(1, probed(22, '1.1.1.1')), aFinding(1, probed(22, '2.2.2.2'))],
    [
      'with the task in a later state',
      aFinding(1, task({ version: '4' })),
      aFinding(1, task({ version: '5', startedAt: 1_763_630_002.25, startedBy: 'ecs-svc/1' })),
    ],
    [
      'with the instance in another state',
      aFinding(1, resource({ instanceDetails: { instanceId: ON_ECS, instanceState: 'running' } })),
      aFinding(1, resource({ instanceDetails: { instanceId: ON_ECS, instanceState: 'stopping', tags: [] } })),
    ],
    [
      'with another process of the same program',
      aFinding(1, process({})),
      aFinding(1, process({ pid: 8, uuid: 'b', startTime: 't' })),
    ],
    [
      'with another description',
      aFinding(1),
      aFinding(1, (detail) => ({ ...detail, title: 'T', description: 'seen 9 times' })),
    ],
  ])('%s, is the same', (_, first, second) => {
    expect(keyOf(first)).toMatch(/^finding 041b66e31d817aa2d23193884db08747 [0-9a-f]{32}$/);
    expect(keyOf(second)).toBe(keyOf(first));
  });

  it.each<[string, AnyEvent, AnyEvent]>([
    ['the remote port of an outbound connection', aFinding(1, outbound(1, 443)), aFinding(1, outbound(1, 4444))],
    ['the local port of an inbound connection', aFinding(1, inbound(22, 1)), aFinding(1, inbound(80, 1))],
    ['the remote address', aFinding(1, from('1.1.1.1')), aFinding(1, from('2.2.2.2'))],
    ['the scanned port', aFinding(1, probed(22, '1.1.1.1')), aFinding(1, probed(23, '1.1.1.1'))],
    ['its program', aFinding(1, process({})), aFinding(1, process({ executablePath: '/tmp/y' }))],
    ["its program's content", aFinding(1, process({})), aFinding(1, process({ executableSha256: 'cd' }))],
    ['the process that changed its program', aFinding(1, changedBy('/bin/a')), aFinding(1, changedBy('/bin/b'))],
    ['its malware', aFinding(1, malware('a')), aFinding(1, malware('b'))],
    ['the signals of its attack sequence', aFinding(1, attack('Recon')), aFinding(1, attack('Exfiltration'))],
    ['its container', aFinding(1, task({})), aFinding(1, task({ containers: [{ id: 'c2' }] }))],
    ['its task', aFinding(1, task({})), aFinding(1, task({ arn: `${TASK}0` }))],
  ])('is a different one if %s changed', (_, first, second) => {
    expect(keyOf(second)).not.toBe(keyOf(first));
  });

  it.each<[string, (detail: Record<string, unknown>) => Record<string, unknown>]>([
    ['its severity', (detail) => ({ ...detail, severity: 5 })],
    ['its type', (detail) => ({ ...detail, type: 'Backdoor:EC2/C&CActivity.B' })],
    ['its id', (detail) => ({ ...detail, id: 'another' })],
    ['its instance', resource({ instanceDetails: { instanceId: 'i-1' } })],
    ['its remote domain', withService({ action: { actionType: 'DNS_REQUEST', dnsRequestAction: { domain: 'b' } } })],
    ['its list of threats', withService({ additionalInfo: { value: '{"threatListName":"Another"}' } })],
  ])('is a different one if %s changed', (_, change) => {
    expect(keyOf(aFinding(1, change))).not.toBe(keyOf(aFinding(1)));
  });
});

describe('an event without a finding', () => {
  it.each<[string, unknown]>([
    ['of another source', { ...fixture(25), source: 'aws.inspector' }],
    ['of another type', { ...fixture(25), 'detail-type': 'GuardDuty Malware Protection Object Scan Result' }],
    ['without an id', fixture(25, { id: undefined })],
    ['with an id that is not a text', fixture(25, { id: 7 })],
    ['with an id that is too long for a key', fixture(25, { id: 'x'.repeat(2000) })],
    ['without detail', { ...fixture(25), detail: null }],
    ['null', null],
  ])('is identified by its own id: %s', (_, event) => {
    expect(findingOf(event)).toBeUndefined();
  });
});

describe('the subjects of a finding', () => {
  const subjects = (event: unknown) => findingSubjects(event).map(({ kind, name }) => [kind, name]);

  it.each<[string, unknown, [string, string][]]>([
    ['an instance', fixture(25), [['instance', ON_ECS]]],
    ['an EKS node', fixture(26), [['instance', 'i-0b9c8d7e6f5a41230']]],
    ['an ECS task', aFinding(1, withResource(aTaskResource(TASK))), [['task', TASK]]],
    [
      'an ECS task and its instance: the instance',
      aFinding(1, withResource({ ...aTaskResource(TASK), instanceDetails: { instanceId: ON_ECS } })),
      [['instance', ON_ECS]],
    ],
    [
      'an attack sequence: its instances and tasks, each once',
      aSequence(1, [
        { uid: ON_ECS, resourceType: 'EC2_INSTANCE' },
        { uid: `arn:aws:ec2:us-east-1:111122223333:instance/${ON_ECS}`, resourceType: 'EC2_INSTANCE' },
        { uid: TASK, resourceType: 'ECS_TASK' },
        { uid: 'arn:aws:eks:us-east-1:111122223333:cluster/x', resourceType: 'EKS_CLUSTER' },
        { uid: 'x', resourceType: 'SOMETHING_NEW' },
        { resourceType: 'EC2_INSTANCE' },
        null,
        'i-1',
      ]),
      [
        ['instance', ON_ECS],
        ['task', TASK],
      ],
    ],
    ['an attack sequence without a list', aSequence(1, { uid: ON_ECS }), []],
    ['a bucket', aFinding(1, withResource({ resourceType: 'S3Bucket', s3BucketDetails: [{}] })), []],
    ['a pod without an instance', aFinding(1, (detail) => resource({ instanceDetails: null })(detail), 26), []],
    ['nothing', aFinding(1, withResource({})), []],
    ['no resource', aFinding(1, withResource(undefined)), []],
    ['an instance whose id is a number', aFinding(1, withResource({ instanceDetails: { instanceId: 7 } })), []],
    ['an instance without a name', aFinding(1, withResource({ instanceDetails: { instanceId: '' } })), []],
  ])('%s', (_, event, expected) => {
    expect(subjects(event)).toEqual(expected);
    expect(namedBy('finding-host', event).kind).toBe(expected.length > 0 ? 'finding' : 'none');
  });

  it('have the account that owns them, not the one that receives the finding', () => {
    const event = { ...aFinding(1, (detail) => ({ ...detail, accountId: '222' })), account: '111' };
    expect(findingSubjects(event)).toEqual([{ kind: 'instance', name: ON_ECS, account: '222' }]);
    const sequence = aSequence(1, [{ uid: TASK, resourceType: 'ECS_TASK', accountId: '333' }]);
    expect(findingSubjects(sequence)).toEqual([{ kind: 'task', name: TASK, account: '333' }]);
  });
});

describe('a finding of any content', () => {
  it('never throws and is parsed the same twice', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.jsonValue(), fc.jsonValue(), (resource, service, rest) => {
        const event = fixture(25, { ...Object(rest), id: 'f', resource, service });
        expect(keyOf(JSON.parse(JSON.stringify(event)))).toBe(keyOf(event));
        expect(findingSubjects(event)).toEqual(findingSubjects(JSON.parse(JSON.stringify(event))));
      }),
    );
  });

  it.each([
    ['nested a hundred thousand times', `{"id":"f","resource":${'['.repeat(1e5)}${']'.repeat(1e5)}}`],
    ['of a megabyte', JSON.stringify({ id: 'f', resource: Array.from({ length: 100_000 }, (_, n) => `value ${n}`) })],
    ['of Unicode', JSON.stringify({ id: '\u{1F41D}', type: '\ud800', resource: { '\u202e': '\0' } })],
  ])('is read: %s', (_, detail) => {
    const event = { source: 'aws.guardduty', 'detail-type': 'GuardDuty Finding', detail: JSON.parse(detail) };
    expect(keyOf(event)).toMatch(/^finding /);
    expect(findingSubjects(event)).toEqual([]);
  });
});

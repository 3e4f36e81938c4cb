import { type AnyEvent, fixture } from './fixtures.ts';

type Members = Record<string, unknown>;

/**
 * The finding of fixture 25 (on an EC2 instance) or 26 (of Runtime Monitoring), as it is published for the n-th time:
 * counts and times go on. `change` alters its detail.
 */
export function aFinding(n: number, change: (detail: Members) => Members = (detail) => detail, number = 25): AnyEvent {
  const event = fixture(number);
  const later = new Date(Date.parse(event.time) + n * 6 * 3_600_000).toISOString();
  const detail = {
    ...event.detail,
    updatedAt: later,
    service: { ...(event.detail.service as Members), count: 2 + n, eventLastSeen: later },
  };
  return { ...event, id: `publication-${n}`, time: later, detail: change(detail) };
}

/** A change of a finding's `resource`, whole. */
export const withResource =
  (resource: unknown) =>
  (detail: Members): Members => ({ ...detail, resource });

/** A change of some members of a finding's `service`. */
export const withService =
  (service: Members) =>
  (detail: Members): Members => ({ ...detail, service: { ...(detail.service as Members), ...service } });

/** What Runtime Monitoring says of a container of an ECS task. */
export const aTaskResource = (taskArn: unknown, ids: readonly unknown[] = []) => ({
  resourceType: 'ECSCluster',
  ecsClusterDetails: {
    arn: 'arn:aws:ecs:us-east-1:111122223333:cluster/ephemeral-prod',
    runningTasksCount: 12,
    taskDetails: {
      arn: taskArn,
      version: '5',
      createdAt: 1_763_630_000.5,
      containers: ids.map((id) => ({ name: 'api', id })),
    },
  },
});

/** An attack sequence about these resources. */
export const aSequence = (n: number, resources: unknown): AnyEvent =>
  aFinding(n, (detail) => ({
    ...detail,
    type: 'AttackSequence:ECS/CompromisedCluster',
    severity: 9,
    resource: { resourceType: 'AttackSequence' },
    service: { ...(detail.service as Members), detection: { sequence: { resources, signals: [{ count: n }] } } },
  }));

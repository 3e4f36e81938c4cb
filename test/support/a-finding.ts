import { type AnyEvent, fixture } from './fixtures.ts';

type Members = Record<string, unknown>;

/**
 * Fixture 25 (a finding on an EC2 instance) or 26 (of Runtime Monitoring) as published for the n-th time, with advanced
 * count and times. `change` alters its detail.
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

/** Replaces a finding's `resource`. */
export const withResource =
  (resource: unknown) =>
  (detail: Members): Members => ({ ...detail, resource });

/** Changes some members of a finding's `service`. */
export const withService =
  (service: Members) =>
  (detail: Members): Members => ({ ...detail, service: { ...(detail.service as Members), ...service } });

/** The resource of a Runtime Monitoring finding on an ECS task's container. */
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

/** An attack sequence with these resources. */
export const aSequence = (n: number, resources: unknown): AnyEvent =>
  aFinding(n, (detail) => ({
    ...detail,
    type: 'AttackSequence:ECS/CompromisedCluster',
    severity: 9,
    resource: { resourceType: 'AttackSequence' },
    service: { ...(detail.service as Members), detection: { sequence: { resources, signals: [{ count: n }] } } },
  }));

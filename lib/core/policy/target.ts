import { nameAt } from './binding.ts';
import { type FindingSubject, findingSubjects } from './guardduty-finding.ts';
import type { NodeMatch, Target } from './policy.ts';

/** Who a trigger names, before anybody knows which host that is. */
export type Named =
  | { readonly kind: 'container-instance'; readonly arn: string; readonly clusterArn: string }
  | { readonly kind: 'alias'; readonly alias: string } // a host identifier, an instance id, or another name of a host
  | { readonly kind: 'finding'; readonly subjects: readonly FindingSubject[] } // at least one
  | { readonly kind: 'same-node' }
  | { readonly kind: 'many'; readonly match: NodeMatch }
  | { readonly kind: 'nobody'; readonly why: string };

/** Where the sources of events put the id of the instance they are about, in their own spelling. */
const INSTANCE_ID = [
  'detail."instance-id"', // EC2, Spot
  'detail.EC2InstanceId', // Auto Scaling
  'detail.ec2InstanceId', // ECS
  'detail.resource.instanceDetails.instanceId', // GuardDuty
  'detail.affectedEntities[0].entityValue', // Health
];

/** Whom a rule's target means on this trigger. Pure; never throws for what an event holds. */
export function namedBy(target: Target, trigger: unknown): Named {
  if (target === 'same-node') return { kind: 'same-node' };
  if (target === 'finding-host') {
    const subjects = findingSubjects(trigger);
    return subjects.length > 0
      ? { kind: 'finding', subjects }
      : nobody('the finding names no EC2 instance and no ECS task');
  }
  if (target === 'ecs-task-host') {
    const arn = nameAt('detail.containerInstanceArn', trigger);
    const clusterArn = nameAt('detail.clusterArn', trigger);
    return arn && clusterArn
      ? { kind: 'container-instance', arn, clusterArn }
      : nobody('the event names no container instance');
  }
  if (target === 'ec2-instance') {
    const id = INSTANCE_ID.map((path) => nameAt(path, trigger)).find((name) => name !== undefined);
    return id ? { kind: 'alias', alias: id } : nobody('the event names no EC2 instance');
  }
  if ('hosts-where' in target) return { kind: 'many', match: target['hosts-where'] };
  const alias = nameAt(target.host, trigger);
  return alias ? { kind: 'alias', alias } : nobody(`${target.host} yields no host`);
}

const nobody = (why: string): Named => ({ kind: 'nobody', why });

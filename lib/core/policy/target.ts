import { nameAt } from './binding.ts';
import { type FindingSubject, findingSubjects } from './guardduty-finding.ts';
import type { NodeMatch, Target } from './policy.ts';

/** What a trigger names, before it is resolved to hosts. */
export type Named =
  | { readonly kind: 'container-instance'; readonly arn: string; readonly clusterArn: string }
  | { readonly kind: 'alias'; readonly alias: string } // a host identifier, an instance id, or another name of a host
  | { readonly kind: 'finding'; readonly subjects: readonly FindingSubject[] } // at least one
  | { readonly kind: 'same-node' }
  | { readonly kind: 'many'; readonly match: NodeMatch }
  | { readonly kind: 'none'; readonly why: string };

/** Where events of different sources hold the id of the instance they are about. */
const INSTANCE_ID = [
  'detail."instance-id"', // EC2, Spot
  'detail.EC2InstanceId', // Auto Scaling
  'detail.ec2InstanceId', // ECS
  'detail.resource.instanceDetails.instanceId', // GuardDuty
  'detail.affectedEntities[0].entityValue', // Health
];

/**
 * What a rule's target names on this trigger. Never throws, whatever the trigger holds.
 *
 * @example namedBy('ec2-instance', { detail: { 'instance-id': 'i-0abc' } }) // { kind: 'alias', alias: 'i-0abc' }
 */
export function namedBy(target: Target, trigger: unknown): Named {
  if (typeof target !== 'string') {
    if ('hosts-where' in target) return { kind: 'many', match: target['hosts-where'] };
    const alias = nameAt(target.host, trigger);
    return alias ? { kind: 'alias', alias } : none(`${target.host} yields no host`);
  }
  switch (target) {
    case 'same-node':
      return { kind: 'same-node' };
    case 'finding-host': {
      const subjects = findingSubjects(trigger);
      if (subjects.length > 0) return { kind: 'finding', subjects };
      return none('the finding names no EC2 instance and no ECS task');
    }
    case 'ecs-task-host': {
      const arn = nameAt('detail.containerInstanceArn', trigger);
      const clusterArn = nameAt('detail.clusterArn', trigger);
      if (arn && clusterArn) return { kind: 'container-instance', arn, clusterArn };
      return none('the event names no container instance');
    }
    case 'ec2-instance': {
      const id = INSTANCE_ID.map((path) => nameAt(path, trigger)).find((name) => name !== undefined);
      return id ? { kind: 'alias', alias: id } : none('the event names no EC2 instance');
    }
    default: {
      const never: never = target;
      return never;
    }
  }
}

const none = (why: string): Named => ({ kind: 'none', why });

import { lookUp } from './binding.ts';
import type { Target } from './policy.ts';

/** Who a trigger names, before anybody knows which host that is. */
export type Named =
  | { readonly kind: 'container-instance'; readonly arn: string; readonly clusterArn: string }
  | { readonly kind: 'alias'; readonly alias: string } // a host identifier, an instance id, or another name of a host
  | { readonly kind: 'same-node' }
  | { readonly kind: 'many' } // hosts-where
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
  if (target === 'ecs-task-host') {
    const arn = lookUp('detail.containerInstanceArn', trigger);
    const clusterArn = lookUp('detail.clusterArn', trigger);
    return isName(arn) && isName(clusterArn)
      ? { kind: 'container-instance', arn, clusterArn }
      : { kind: 'nobody', why: 'the event names no container instance' };
  }
  if (target === 'ec2-instance') {
    const id = INSTANCE_ID.map((path) => lookUp(path, trigger)).find(isName);
    return id ? { kind: 'alias', alias: id } : { kind: 'nobody', why: 'the event names no EC2 instance' };
  }
  if ('hosts-where' in target) return { kind: 'many' };
  const alias = lookUp(target.host, trigger);
  return isName(alias) ? { kind: 'alias', alias } : { kind: 'nobody', why: `${target.host} yields no host` };
}

// In bytes, because it becomes part of a key of the table, which takes 2,048.
const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 1024;

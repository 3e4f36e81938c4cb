import { type IEventBus, Match } from 'aws-cdk-lib/aws-events';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { ArnFormat, Aws, Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from '../functions/acknowledge.ts';
import type { MayflyTable } from '../table/mayfly-table.ts';
import { ROW_ACCESS } from '../table/row-access.ts';
import { EventRoute } from './event-route.ts';

/** What all routes share. */
interface SharedByRoutes {
  /** Folder with the functions' bundles. */
  readonly bundles: string;
  readonly deadLetters: Queue;
  readonly table: MayflyTable;
  /** Mayfly's own bus, for requests of operators and events of the rules. */
  readonly bus: IEventBus;
}

/** Only events of this account: other accounts may send events to a bus, but their hosts and hooks are not ours. */
const OWN = { account: [Aws.ACCOUNT_ID] };

/** Adds the routes of all events: which function handles which of them, and what it may do. */
export const addEventRoutes = (scope: Construct, shared: SharedByRoutes): readonly EventRoute[] => [
  taskRoute(scope, shared),
  instanceRoute(scope, shared),
  lastGaspRoute(scope, shared),
  findingRoute(scope, shared),
  requestRoute(scope, shared),
];

function taskRoute(scope: Construct, { table, ...shared }: SharedByRoutes): EventRoute {
  const route = new EventRoute(scope, 'EcsTaskState', {
    ...shared,
    name: 'ecs-task-state',
    description: 'Mayfly: follows ECS tasks and container instances',
    events: {
      TaskStateChange: { ...OWN, source: ['aws.ecs'], detailType: ['ECS Task State Change'] },
      ContainerInstanceStateChange: {
        ...OWN,
        source: ['aws.ecs'],
        detailType: ['ECS Container Instance State Change'],
      },
    },
  });
  table.grant(route.fn, ROW_ACCESS['ecs-task-state']);
  grantDescribeContainerInstances(route);
  grantDescribeTaskDefinition(route);
  return route;
}

function instanceRoute(scope: Construct, { table, ...shared }: SharedByRoutes): EventRoute {
  const route = new EventRoute(scope, 'Ec2Launch', {
    ...shared,
    name: 'ec2-launch',
    description:
      'Mayfly: queues queries for new EC2 instances and for Spot interruptions, and ends the nodes of terminated instances',
    events: {
      InstanceState: {
        ...OWN,
        source: ['aws.ec2'],
        detailType: ['EC2 Instance State-change Notification'],
        detail: { state: ['running', 'shutting-down', 'terminated'] },
      },
      InstanceLaunched: { ...OWN, source: ['aws.autoscaling'], detailType: ['EC2 Instance Launch Successful'] },
      // Not in the last-gasp queue: two minutes' notice must not pass behind hooks that are being held.
      SpotInterruption: { ...OWN, source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] },
      Rebalance: { ...OWN, source: ['aws.ec2'], detailType: ['EC2 Instance Rebalance Recommendation'] },
    },
  });
  table.grant(route.fn, ROW_ACCESS['ec2-launch']);
  grantDescribeInstances(route);
  return route;
}

function lastGaspRoute(scope: Construct, { table, ...shared }: SharedByRoutes): EventRoute {
  const route = new EventRoute(scope, 'LastGasp', {
    ...shared,
    name: 'last-gasp',
    description: 'Mayfly: holds instances with a lifecycle hook until their last answers are stored',
    events: {
      TerminateHook: { ...OWN, source: ['aws.autoscaling'], detailType: ['EC2 Instance-terminate Lifecycle Action'] },
    },
    // It holds a hook for at most two minutes (docs/decisions/0013). A failed event must come back soon: Lambda recommends
    // six times the timeout, but that exceeds every heartbeat, and a repeat is harmless. Batches of hooks wait in one
    // invocation, which leaves concurrency for the polls that they wait for.
    waiting: {
      timeout: Duration.seconds(150),
      visibilityTimeout: Duration.seconds(160),
      gathers: Duration.seconds(1),
    },
  });
  table.grant(route.fn, ROW_ACCESS['last-gasp']);
  grantLifecycleHooks(route);
  return route;
}

function findingRoute(scope: Construct, { table, ...shared }: SharedByRoutes): EventRoute {
  const route = new EventRoute(scope, 'Finding', {
    ...shared,
    name: 'finding',
    description: 'Mayfly: queries the hosts of GuardDuty findings',
    // From any account: an administrator account gets its members' findings, and may know some of their hosts.
    events: { Finding: { source: ['aws.guardduty'], detailType: ['GuardDuty Finding'] } },
  });
  table.grant(route.fn, ROW_ACCESS.finding);
  grantDescribeContainerInstances(route);
  return route;
}

function requestRoute(scope: Construct, { table, bus, ...shared }: SharedByRoutes): EventRoute {
  const route = new EventRoute(scope, 'QueryRequest', {
    ...shared,
    name: 'query-request',
    description: 'Mayfly: queues the queries requested on its bus',
    events: {},
    // All events except Mayfly's own.
    requests: { bus, events: { Request: { ...OWN, source: Match.anythingBut('mayfly') } } },
  });
  table.grant(route.fn, ROW_ACCESS['query-request']);
  grantDescribeContainerInstances(route);
  return route;
}

/** A task event names the container instance, but not its EC2 instance. */
function grantDescribeContainerInstances(route: EventRoute): void {
  const anyInstance = Stack.of(route).formatArn({ service: 'ecs', resource: 'container-instance', resourceName: '*' });
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ecs:DescribeContainerInstances'], resourceArns: [anyInstance] });
  acknowledgeWildcard(
    route,
    anyInstance,
    'Clusters and their instances are not known at deployment: read access to any container instance of this account and Region.',
  );
}

/** A task event does not say which containers are essential. */
function grantDescribeTaskDefinition(route: EventRoute): void {
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ecs:DescribeTaskDefinition'], resourceArns: ['*'] });
  acknowledgeWildcard(route, '*', 'ecs:DescribeTaskDefinition has no resource-level permissions; it only reads.');
}

/** An instance event lacks image, tags and addresses. */
function grantDescribeInstances(route: EventRoute): void {
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ec2:DescribeInstances'], resourceArns: ['*'] });
  acknowledgeWildcard(route, '*', 'ec2:DescribeInstances has no resource-level permissions; it only reads.');
}

/** The function completes hooks whose names begin with `mayfly`; the owners of the groups add them. */
function grantLifecycleHooks(route: EventRoute): void {
  const anyGroup = Stack.of(route).formatArn({
    service: 'autoscaling',
    resource: 'autoScalingGroup',
    resourceName: '*:autoScalingGroupName/*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const grantee = route.fn;
  Grant.addToPrincipal({ grantee, actions: ['autoscaling:CompleteLifecycleAction'], resourceArns: [anyGroup] });
  Grant.addToPrincipal({ grantee, actions: ['autoscaling:DescribeLifecycleHooks'], resourceArns: ['*'] });
  acknowledgeWildcard(
    route,
    anyGroup,
    'Groups are not known at deployment: hooks of any group of this account and Region. The function selects them by name.',
  );
  acknowledgeWildcard(
    route,
    '*',
    'autoscaling:DescribeLifecycleHooks has no resource-level permissions; it only reads.',
  );
}

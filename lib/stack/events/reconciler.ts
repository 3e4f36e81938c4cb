import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../functions/acknowledge.ts';
import { Variable } from '../functions/environment.ts';
import { defineFunction } from '../functions/function.ts';
import { checkExpectAgents, type ExpectAgents, scopeText } from './expect-agents.ts';

export interface ReconcilerProps {
  /** Folder with the functions' bundles. */
  readonly bundles: string;
  /** Interval between sweeps, in whole minutes; workloads whose events were lost are found this much later. */
  readonly every: Duration;
  /** How long an instance may run without a node before it becomes a fleet issue. */
  readonly noAgentAfter: Duration;
  /** @default - on every instance */
  readonly expectAgents?: ExpectAgents;
}

/** Lists at a fixed rate what ECS and EC2 run, and handles workloads whose events were lost. */
export class Reconciler extends Construct {
  readonly fn: LambdaFunction;
  readonly every: Duration;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    super(scope, id);
    this.every = props.every;
    this.fn = defineFunction(this, {
      bundles: props.bundles,
      name: 'reconcile',
      description: 'Mayfly: finds tasks and instances whose events were lost',
      timeout: Duration.seconds(55), // ends before the next sweep begins
      memorySize: 512,
    });
    this.fn.addEnvironment(Variable.noAgentAfter, String(props.noAgentAfter.toSeconds()));
    // No retries, and throttled invocations are dropped: the next sweep does the work with newer data. Reserved concurrency
    // would also prevent overlaps, but a new account has none to reserve.
    this.fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.seconds(60) });
    new Rule(this, 'Schedule', {
      description: 'Mayfly: starts a sweep for lost events',
      schedule: Schedule.rate(props.every),
      targets: [new LambdaTarget(this.fn, { retryAttempts: 0 })],
    });
    this.grantDescribe();
    if (props.expectAgents) this.limitTo(props.expectAgents);
  }

  /** Expects agents only on some instances, and lets the function list the clusters that say which. */
  private limitTo(expectAgents: ExpectAgents): void {
    checkExpectAgents(expectAgents);
    this.fn.addEnvironment(Variable.expectAgents, scopeText(expectAgents));
    const { clusters = [] } = expectAgents;
    if (clusters.length === 0) return;
    const resourceArns = clusters.map((resourceName) =>
      Stack.of(this).formatArn({ service: 'ecs', resource: 'cluster', resourceName }),
    );
    Grant.addToPrincipal({ grantee: this.fn, actions: ['ecs:ListContainerInstances'], resourceArns });
  }

  /** @see Service Authorization Reference, Amazon ECS and Amazon EC2: resource types of each action */
  private grantDescribe(): void {
    const ofEcs = (resource: string): string =>
      Stack.of(this).formatArn({ service: 'ecs', resource, resourceName: '*' });
    const everything = [
      {
        actions: ['ecs:DescribeContainerInstances'],
        resource: ofEcs('container-instance'),
        reason:
          'Clusters and their instances are not known at deployment: read access to any of this account and Region.',
      },
      {
        actions: ['ecs:DescribeTasks'],
        resource: ofEcs('task'),
        reason: 'It finds tasks whose events were lost: read access to any task of this account and Region.',
      },
      {
        // ListTasks has container instances as a resource only if it lists the tasks of one of them.
        actions: ['ec2:DescribeInstances', 'ecs:DescribeTaskDefinition', 'ecs:ListClusters', 'ecs:ListTasks'],
        resource: '*',
        reason: 'As called here, these actions have no resource-level permissions.',
      },
    ];
    for (const { actions, resource, reason } of everything) {
      Grant.addToPrincipal({ grantee: this.fn, actions, resourceArns: [resource] });
      acknowledgeWildcard(this, resource, reason);
    }
  }
}

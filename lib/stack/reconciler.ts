import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { Variable } from './environment.ts';
import { defineFunction } from './function.ts';

export interface ReconcilerProps {
  /** Folder with the functions' bundles. */
  readonly bundles: string;
  /** How often it looks: what no event told is found this much later. At least a minute, in whole minutes. */
  readonly every: Duration;
  /** An instance that has run for so long without a node is a finding. */
  readonly noAgentAfter: Duration;
}

/** Looks at what ECS and EC2 run, at a fixed rate, and handles what no event told. */
export class Reconciler extends Construct {
  readonly fn: LambdaFunction;
  readonly every: Duration;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    super(scope, id);
    this.every = props.every;
    this.fn = defineFunction(this, {
      bundles: props.bundles,
      name: 'reconcile',
      description: 'Mayfly: finds the tasks and instances that no event told of',
      timeout: Duration.seconds(55), // done before the next one begins
      memorySize: 512,
    });
    this.fn.addEnvironment(Variable.noAgentAfter, String(props.noAgentAfter.toSeconds()));
    // No sweep is tried again, and none that Lambda had no room for is kept: the next one does its work, and knows better
    // what there is. Reserving concurrency would keep them apart as well, where the account has any to spare.
    this.fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.seconds(60) });
    new Rule(this, 'Schedule', {
      description: 'Mayfly: when to look for what no event told',
      schedule: Schedule.rate(props.every),
      targets: [new LambdaTarget(this.fn, { retryAttempts: 0 })],
    });
    this.grantLook();
  }

  /** @see Service Authorization Reference, Amazon ECS and Amazon EC2: resource types of each action */
  private grantLook(): void {
    const ofEcs = (resource: string): string =>
      Stack.of(this).formatArn({ service: 'ecs', resource, resourceName: '*' });
    const everything = [
      {
        actions: ['ecs:DescribeContainerInstances'],
        resource: ofEcs('container-instance'),
        reason: 'Clusters and their instances come and go without us: any of this account and Region, to look at only.',
      },
      {
        actions: ['ecs:DescribeTasks'],
        resource: ofEcs('task'),
        reason: 'It looks for the tasks nobody told of: any of this account and Region, to look at only.',
      },
      {
        // ListTasks has container instances for a resource only where it is asked for the tasks of one of them.
        actions: ['ec2:DescribeInstances', 'ecs:DescribeTaskDefinition', 'ecs:ListClusters', 'ecs:ListTasks'],
        resource: '*',
        reason: 'These actions cannot be confined to resources, as they are called here.',
      },
    ];
    for (const { actions, resource, reason } of everything) {
      Grant.addToPrincipal({ grantee: this.fn, actions, resourceArns: [resource] });
      acknowledgeWildcard(this, resource, reason);
    }
  }
}

import type { IDomainName } from 'aws-cdk-lib/aws-apigateway';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** The values of a Mayfly that its stack outputs. */
interface OutputValues extends Construct {
  readonly hostname: string;
  readonly pathPrefix: string;
  readonly domain: IDomainName | undefined;
  readonly loadBalancer: IApplicationLoadBalancer | undefined;
  readonly enrollSecret: ISecret;
  readonly namedSecrets: ReadonlyMap<string, ISecret>;
  readonly nodeKeySecret: ISecret;
  readonly flagfile: string;
  readonly tableName: string;
  readonly bus: IEventBus;
  readonly dashboardName: string;
  readonly alarmTopic: ITopic | undefined;
  readonly resultsBucket: IBucket;
  readonly resultTables: { readonly database: string; readonly workgroup: string };
}

/**
 * Adds the outputs of a Mayfly to its stack: what hosts need, and what the operator's commands look up with `--stack`.
 *
 * Their keys start with the construct's path in its stack, without slashes: `MayflyHostname`, or `PlatformMayflyHostname` for
 * a Mayfly below a construct `Platform`. `lib/cli/deployment/stack-outputs.ts` finds them by their suffixes.
 */
export function addOutputs(mayfly: OutputValues): void {
  const outputs = new Construct(mayfly, 'Outputs');
  const path = mayfly.node.path.slice(Stack.of(mayfly).node.path.length);
  const add = (name: string, value: string, description: string): void =>
    new CfnOutput(outputs, name, { value, description }).overrideLogicalId(
      `${path}${name}`.replace(/[^A-Za-z0-9]/g, ''),
    );

  add('Hostname', mayfly.hostname, 'Host name of the TLS API');
  add('PathPrefix', mayfly.pathPrefix, "What precedes every endpoint's path");
  if (mayfly.domain)
    add('DomainTarget', mayfly.domain.domainNameAliasDomainName, 'What the DNS name of domainName points at');
  if (mayfly.loadBalancer)
    add('DomainTarget', mayfly.loadBalancer.loadBalancerDnsName, 'What the DNS name of the front points at');
  add(
    'EnrollSecretArn',
    mayfly.enrollSecret.secretArn,
    'ARN of the enroll secret; its value goes into the file of --enroll_secret_path',
  );
  for (const [name, { secretArn }] of mayfly.namedSecrets)
    add(`NamedSecretArn${name}`, secretArn, `The enroll secret '${name}'`);
  add('NodeKeySecretArn', mayfly.nodeKeySecret.secretArn, 'ARN of the key that signs node keys; hosts never see it');
  add('Flagfile', mayfly.flagfile, 'The flagfile for every host');
  add('TableName', mayfly.tableName, 'Table, for --table; --stack finds it automatically');
  add('BusName', mayfly.bus.eventBusName, 'Event bus for requests and your own events');
  add('DashboardName', mayfly.dashboardName, 'Name of the CloudWatch dashboard');
  if (mayfly.alarmTopic) add('AlarmTopicArn', mayfly.alarmTopic.topicArn, 'SNS topic of the alarms');
  add(
    'ResultsBucket',
    mayfly.resultsBucket.bucketName,
    'Bucket of answers, agent logs and bodies that could not be parsed',
  );
  add('ResultsDatabase', mayfly.resultTables.database, 'Glue database of the tables results, logs and quarantine');
  add('ResultsWorkgroup', mayfly.resultTables.workgroup, 'Athena workgroup, with saved queries');
}

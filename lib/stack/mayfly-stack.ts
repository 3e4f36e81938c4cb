import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { GatewayVpcEndpointAwsService, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { type App, Duration, Stack, type StackProps, Validations } from 'aws-cdk-lib/core';
import type { ExpectAgents } from './events/expect-agents.ts';
import type { CustomDomain } from './front/custom-domain.ts';
import { Front } from './front/front.ts';
import type { ServiceFrontProps } from './front/service-front.ts';
import { Mayfly } from './mayfly.ts';
import type { MayflyProps } from './mayfly-props.ts';

/** `cdk deploy --context agentConcurrency=200`; the CLI passes it as text. */
function concurrencyOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const concurrency = Number(value);
  if (Number.isInteger(concurrency) && concurrency > 0) return concurrency;
  throw new Error(`the context agentConcurrency is "${value}": it has to be a whole number above 0`);
}

/** `-c resultsKeptFor=90`: days. */
function keptForOf(value: unknown): Duration | undefined {
  if (value === undefined) return undefined;
  const days = Number(value);
  if (Number.isInteger(days) && days > 0) return Duration.days(days);
  throw new Error(`the context resultsKeptFor is "${value}": it has to be a number of whole days above 0`);
}

/** The context alarmTopic: `true`, an e-mail address or the ARN of a topic. The construct checks text. */
function alarmTopicOf(value: unknown): true | string | undefined {
  if (value === undefined || value === false || value === 'false') return undefined;
  if (value === true || value === 'true') return true;
  if (typeof value === 'string') return value;
  throw new Error(`the context alarmTopic is ${JSON.stringify(value)}: it has to be text or true`);
}

/** A switch of the context; the CLI passes it as text. */
function switchOf(name: string, value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new Error(`the context ${name} is ${JSON.stringify(value)}: it has to be true or false`);
}

/** `-c domainName=… -c certificateArn=…`, and `-c hostedZoneId=…` for the DNS record. */
function domainOf(stack: Stack): CustomDomain | undefined {
  const [name, arn, hostedZoneId] = ['domainName', 'certificateArn', 'hostedZoneId'].map((key) =>
    stack.node.tryGetContext(key),
  );
  if (name === undefined) {
    if (arn === undefined && hostedZoneId === undefined) return undefined;
    throw new Error('the context certificateArn and hostedZoneId need domainName, the host name of the certificate');
  }
  if (typeof name !== 'string' || typeof arn !== 'string')
    throw new Error(
      `the context domainName is ${JSON.stringify(name)}: it needs certificateArn, the ARN of a certificate`,
    );
  return {
    name,
    certificate: Certificate.fromCertificateArn(stack, 'Certificate', arn),
    hostedZone:
      typeof hostedZoneId === 'string'
        ? HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId, zoneName: name.replace(/^[^.]+\./, '') })
        : undefined,
  };
}

/** `-c front=service`, with the domain of `-c domainName=… -c certificateArn=…` and the network of `-c vpcId=…`. */
function frontOf(stack: Stack, domain: CustomDomain | undefined): Front {
  const front: unknown = stack.node.tryGetContext('front') ?? 'serverless';
  if (front === 'serverless') return Front.serverless();
  if (front !== 'service')
    throw new Error(`the context front is ${JSON.stringify(front)}: it has to be serverless or service`);
  if (!domain) throw new Error('the context front is service: it needs domainName and certificateArn');
  return Front.service({
    ...networkOf(stack),
    domainName: domain.name,
    certificate: domain.certificate,
    hostedZone: domain.hostedZone,
    distributedInterval: intervalOf(stack.node.tryGetContext('distributedInterval')),
  });
}

/** `-c vpcId=… -c availabilityZones=… -c publicSubnetIds=… -c privateSubnetIds=…`, or a new VPC with public subnets only. */
function networkOf(stack: Stack): Pick<ServiceFrontProps, 'vpc' | 'hasPublicTasks' | 'taskSubnets'> {
  const listOf = (name: string): string[] => {
    const value: unknown = stack.node.tryGetContext(name);
    return typeof value === 'string' ? value.split(',').filter((one) => one !== '') : [];
  };
  const vpcId: unknown = stack.node.tryGetContext('vpcId');
  if (typeof vpcId === 'string') {
    const [availabilityZones, publicSubnetIds, privateSubnetIds] = [
      listOf('availabilityZones'),
      listOf('publicSubnetIds'),
      listOf('privateSubnetIds'),
    ];
    if (availabilityZones.length < 2 || publicSubnetIds.length < 2 || privateSubnetIds.length < 2)
      throw new Error(
        `the context vpcId is ${vpcId}: it needs availabilityZones, publicSubnetIds and privateSubnetIds, at least two of each, separated by commas`,
      );
    const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId, availabilityZones, publicSubnetIds, privateSubnetIds });
    Validations.of(vpc).acknowledge({
      id: 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
      reason: 'Nothing here uses the route tables of the subnets.',
    });
    return { vpc };
  }
  // Without a NAT gateway, which would cost more than the tasks.
  const vpc = new Vpc(stack, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Public', subnetType: SubnetType.PUBLIC }],
    restrictDefaultSecurityGroup: false, // nothing uses that group
    gatewayEndpoints: { DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB } },
  });
  Validations.of(vpc).acknowledge({
    id: 'AwsSolutions-VPC7',
    reason: 'Only the front is in this VPC, which logs what matters. Give a VPC of your own for flow logs.',
  });
  return { vpc, hasPublicTasks: true, taskSubnets: { subnetType: SubnetType.PUBLIC } };
}

function intervalOf(value: unknown): 0 | 1 | undefined {
  if (value === undefined) return undefined;
  if (String(value) === '0') return 0;
  if (String(value) === '1') return 1;
  throw new Error(`the context distributedInterval is ${JSON.stringify(value)}: it has to be 0 or 1`);
}

/** `-c expectAgents='{ "vpcs": ["vpc-0a1b2c3d4e5f60718"] }'`, or an object in cdk.json. The construct checks it. */
function expectAgentsOf(value: unknown): ExpectAgents | undefined {
  if (value === undefined || (typeof value === 'object' && value !== null)) return value ?? undefined;
  try {
    return JSON.parse(String(value));
  } catch (cause) {
    throw new Error(`the context expectAgents is ${JSON.stringify(value)}: it has to be an object in JSON`, { cause });
  }
}

/** A stack with one Mayfly. */
export class MayflyStack extends Stack {
  constructor(app: App, id: string, props: StackProps & MayflyProps = {}) {
    super(app, id, {
      description: 'Mayfly: lifecycle events become osquery queries',
      // A deleted API never gets its host name back, so every host would need a new flagfile.
      terminationProtection: switchOf('terminationProtection', app.node.tryGetContext('terminationProtection')) ?? true,
      ...props,
    });
    const domain = domainOf(this);
    const front = frontOf(this, domain);
    new Mayfly(this, 'Mayfly', {
      front,
      expectAgents: expectAgentsOf(app.node.tryGetContext('expectAgents')),
      agentConcurrency: concurrencyOf(app.node.tryGetContext('agentConcurrency')),
      alarmTopic: alarmTopicOf(app.node.tryGetContext('alarmTopic')),
      domainName: front.kind === 'serverless' ? domain : undefined,
      resultsKeptFor: keptForOf(app.node.tryGetContext('resultsKeptFor')),
      notifyMisses: switchOf('notifyMisses', app.node.tryGetContext('notifyMisses')),
      ...props,
    });
  }
}

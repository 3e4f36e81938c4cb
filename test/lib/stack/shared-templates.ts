import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { Mayfly } from '../../../lib/stack/mayfly.ts';
import { aServiceStack } from './front/service-stack.ts';
import { anApp, someBundles, type Template, templateWith } from './template.ts';

/**
 * A template that several files read, made once in a worker: a synthesis takes a quarter of a second.
 * Each call returns a copy.
 */
function shared(make: () => Template): () => Template {
  let text: string | undefined;
  return () => {
    text ??= JSON.stringify(make());
    return JSON.parse(text);
  };
}

export const templateOf = (stack: Stack): Template => Assertions.fromStack(stack).toJSON() as Template;

export const CERTIFICATE_ARN = 'arn:aws:acm:eu-west-1:111122223333:certificate/0b6e9a5c-1111-2222-3333-444455556666';

/** What the Mayfly of `customTemplate` expects of reconciler and instances. */
export const EXPECTED = { tags: { team: 'db' }, vpcs: ['vpc-0a1b2c3d4e5f60718'], clusters: ['prod'] };

/** A Mayfly with properties that do not affect each other, so that one synthesis serves the tests of all of them. */
export const customTemplate = shared(() => {
  const stack = new Stack(anApp(), 'Custom');
  const certificate = Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE_ARN);
  const zone = { hostedZoneId: 'Z0123456789', zoneName: 'example.com' };
  const hostedZone = HostedZone.fromHostedZoneAttributes(stack, 'Zone', zone);
  new Mayfly(stack, 'Mayfly', {
    bundles: someBundles(),
    agentConcurrency: 200,
    agentRequests: { perSecond: 4_000, burst: 5_000 },
    alarmTopic: true,
    coverageObjective: 90,
    domainName: { name: 'osquery.example.com', certificate, hostedZone },
    enrollSecrets: ['db'],
    expectAgents: EXPECTED,
    noAgentAfter: Duration.minutes(15),
    notifyMisses: true,
    reconcileEvery: Duration.minutes(5),
    removalPolicy: RemovalPolicy.DESTROY,
    resultsKeptFor: Duration.days(90),
  });
  return templateOf(stack);
});

/** The shipped stack with names of the context that do not affect each other. */
export const contextTemplate = shared(() =>
  templateWith({
    agentConcurrency: '200',
    alarmTopic: 'true',
    front: 'serverless',
    notifyMisses: 'true',
    resultsKeptFor: '90',
  }),
);

/** A Mayfly behind the long-poll front. */
export const serviceTemplate = shared(() => templateOf(aServiceStack().stack));

/** Two Mayflies in one stack, `Mayfly` and `Osquery-2/Team A`. */
export const pairTemplate = shared(() => {
  const stack = new Stack(anApp(), 'Platform');
  new Mayfly(stack, 'Mayfly', { bundles: someBundles() });
  new Mayfly(new Construct(stack, 'Osquery-2'), 'Team A', { bundles: someBundles() });
  return templateOf(stack);
});

import { type App, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import type { CustomDomain } from './custom-domain.ts';
import { Mayfly, type MayflyProps } from './mayfly.ts';

/** `cdk deploy --context agentConcurrency=200`; the CLI passes it as text. */
function concurrencyOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const concurrency = Number(value);
  if (Number.isInteger(concurrency) && concurrency > 0) return concurrency;
  throw new Error(`the context agentConcurrency is "${value}": it has to be a whole number above 0`);
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
  if (name === undefined) return undefined;
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

/** A stack with one Mayfly. */
export class MayflyStack extends Stack {
  constructor(app: App, id: string, props: StackProps & MayflyProps = {}) {
    super(app, id, {
      description: 'Mayfly: lifecycle events become osquery queries',
      // A deleted API never gets its host name back, so every host would need a new flagfile.
      terminationProtection: switchOf('terminationProtection', app.node.tryGetContext('terminationProtection')) ?? true,
      ...props,
    });
    new Mayfly(this, 'Mayfly', {
      agentConcurrency: concurrencyOf(app.node.tryGetContext('agentConcurrency')),
      alarmTopic: alarmTopicOf(app.node.tryGetContext('alarmTopic')),
      domainName: domainOf(this),
      notifyMisses: switchOf('notifyMisses', app.node.tryGetContext('notifyMisses')),
      ...props,
    });
  }
}

import { DomainName, EndpointType, type RestApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** A host name of your own for the TLS API. Endpoints have no path prefix there. */
export interface CustomDomain {
  /** Lower-case letters, such as `osquery.example.com`. Only one stack of the account and Region can have it at a time. */
  readonly name: string;
  /** A certificate of ACM for this name, in the Region of the stack, from an authority that osquery's bundle trusts. */
  readonly certificate: ICertificate;
  /**
   * Gets the DNS record of the name.
   * @default - no record: point the name at the output `DomainTarget` with a CNAME
   */
  readonly hostedZone?: IHostedZone;
  /**
   * Only clients with a certificate of these authorities can connect: the flags `--tls_client_cert` and
   * `--tls_client_key`. The default endpoint of AWS is then disabled, because it requires no client certificate.
   * @default - every client can connect, and enrolls with a secret
   */
  readonly truststore?: Truststore;
}

/** A PEM file with certificates of authorities, in a bucket with versions. */
interface Truststore {
  readonly bucket: IBucket;
  readonly key: string;
  /** @default - the latest at each change of the domain */
  readonly version?: string;
}

const NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** The custom domain of the API, mapped at `/`, with its DNS record if the hosted zone is known. */
export class ApiDomain extends Construct {
  readonly domain: DomainName;

  constructor(scope: Construct, id: string, api: RestApi, props: CustomDomain) {
    super(scope, id);
    const { name, certificate, hostedZone, truststore } = props;
    this.domain = new DomainName(this, 'Domain', {
      domainName: name,
      certificate,
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2, // accepts TLS 1.3 too
      mtls: truststore,
      mapping: api,
    });
    if (hostedZone)
      new ARecord(this, 'Record', {
        zone: hostedZone,
        recordName: `${name}.`, // complete: the zone's name is not added
        target: RecordTarget.fromAlias(new ApiGatewayDomain(this.domain)),
      });
  }
}

const OF_GATEWAY = {
  name: 'domainName.name',
  certificate: 'domainName.certificate',
  hostedZone: 'domainName.hostedZone',
} as const;

/** A custom domain, and the properties that hold its parts, for messages. */
type NamedDomain = Pick<CustomDomain, 'name' | 'certificate' | 'hostedZone'> & {
  readonly of?: { readonly name: string; readonly certificate: string; readonly hostedZone: string };
};

/** @throws naming the wrong property and what is allowed */
export function checkDomain({ name, certificate, hostedZone, of = OF_GATEWAY }: NamedDomain): void {
  if (typeof name !== 'string' || !(Token.isUnresolved(name) || NAME.test(name)))
    throw new Error(
      `${of.name} is ${JSON.stringify(name)}: it has to be a host name in lower-case letters, such as osquery.example.com`,
    );
  if (typeof certificate?.certificateArn !== 'string')
    throw new Error(
      `${of.certificate} of ${name} is missing: it has to be a certificate of ACM in the Region of the stack, such as Certificate.fromCertificateArn(…)`,
    );
  const zone = hostedZone?.zoneName;
  if (zone && !Token.isUnresolved(zone) && !Token.isUnresolved(name) && !`.${name}`.endsWith(`.${zone}`))
    throw new Error(`${of.hostedZone} is ${zone}: it has to be a zone of ${name}`);
}

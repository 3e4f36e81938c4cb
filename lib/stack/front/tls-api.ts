import {
  type DomainName,
  EndpointType,
  LambdaIntegration,
  RestApi,
  type RestApiProps,
} from 'aws-cdk-lib/aws-apigateway';
import { type Function as LambdaFunction, SystemLogLevel } from 'aws-cdk-lib/aws-lambda';
import { Aws, Duration, Names } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { Variable } from '../functions/environment.ts';
import { defineFunction } from '../functions/function.ts';
import {
  type ApiAccess,
  checkAccess,
  defaultHostname,
  hasDefaultEndpoint,
  protectByWaf,
  requireModernTls,
} from './api-access.ts';
import { ApiDomain } from './custom-domain.ts';
import { addGatewayResponses } from './gateway-responses.ts';

export interface TlsApiProps {
  /** Folder with the functions' bundles. */
  readonly bundles: string;
  readonly requests: RequestLimit;
  /** Maximum number of requests handled at a time. @default - the account's limit */
  readonly concurrency?: number;
  /** @default - every client, under the name that AWS gives the API */
  readonly access?: ApiAccess;
}

/** A token bucket of API Gateway. */
export interface RequestLimit {
  readonly perSecond: number;
  /** The size of the bucket. */
  readonly burst: number;
}

const STAGE = 'prod';

/** The API for osquery agents: a REST API that passes every method and path to one function. */
export class TlsApi extends Construct {
  readonly kind = 'serverless';
  readonly api: RestApi;
  readonly fn: LambdaFunction;
  /** Host name without scheme or path, for `--tls_hostname`. */
  readonly hostname: string;
  /** Prefix of every endpoint's path: none on a domain of your own, else the stage. */
  readonly pathPrefix: string;
  /** The custom domain. */
  readonly domain: DomainName | undefined;

  constructor(scope: Construct, id: string, props: TlsApiProps) {
    super(scope, id);
    const { access = {} } = props;
    checkAccess(access);
    this.fn = defineFunction(this, {
      bundles: props.bundles,
      name: 'tls-api',
      description: "Mayfly: answers osquery's TLS endpoints",
      timeout: Duration.seconds(15), // agents give up after 16 s, including the TLS handshake
      memorySize: 512,
      reservedConcurrency: props.concurrency,
      systemLogLevel: SystemLogLevel.WARN, // no report line for each invocation: an empty poll logs nothing
    });
    this.fn.addEnvironment(Variable.urlSuffix, Aws.URL_SUFFIX);

    this.api = new RestApi(this, 'Api', {
      restApiName: Names.uniqueResourceName(this, {}), // the only dimension of its metrics, so it must be unique
      description: 'Mayfly: the TLS API of osquery agents',
      ...endpointOf(access),
      binaryMediaTypes: ['*/*'], // gzip bodies and invalid UTF-8 reach the function byte for byte, as base64
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: props.requests.perSecond,
        throttlingBurstLimit: props.requests.burst,
      },
      cloudWatchRole: false,
      defaultIntegration: new LambdaIntegration(this.fn, { allowTestInvoke: false }),
    });
    this.api.root.addMethod('ANY');
    this.api.root.addProxy({ anyMethod: true });
    addGatewayResponses(this.api);
    requireModernTls(this.api);
    if (access.webAclArn) protectByWaf(this.api, access.webAclArn);
    const { domainName, vpcEndpoints, resourcePolicy } = access;
    if (vpcEndpoints && !resourcePolicy) this.api.grantInvokeFromVpcEndpointsOnly([...vpcEndpoints]);
    this.domain = domainName && new ApiDomain(this, 'Domain', this.api, domainName).domain;
    this.hostname = domainName?.name ?? defaultHostname(this.api, vpcEndpoints);
    this.pathPrefix = domainName ? '' : `/${STAGE}`;
    this.acknowledge();
  }

  private acknowledge(): void {
    const authentication =
      "Agents authenticate in the function, by enroll secret and signed node key: an authorizer's denial is a JSON body without `error`, which osquery takes for success.";
    acknowledge(
      this.api,
      {
        id: 'AwsSolutions-APIG2',
        reason:
          "The function checks every body: the gateway's refusal would make an agent resend the same data forever.",
      },
      { id: 'AwsSolutions-APIG4', reason: authentication },
      { id: 'AwsSolutions-COG4', reason: authentication },
    );
    acknowledge(
      this.api.deploymentStage,
      {
        id: 'AwsSolutions-APIG1',
        reason:
          'Every host polls every few seconds, so access logs would cost more than the polls. The function logs what matters.',
      },
      {
        id: 'AwsSolutions-APIG3',
        reason: 'A WAF is optional (`webAclArn`).',
      },
      {
        id: 'AwsSolutions-APIG6',
        reason: 'Execution logs, like access logs, would cost more than the polls.',
      },
    );
  }
}

/** Properties of the API that decide who can reach it. */
function endpointOf(access: ApiAccess): RestApiProps {
  const { vpcEndpoints, resourcePolicy } = access;
  return {
    endpointConfiguration: vpcEndpoints
      ? { types: [EndpointType.PRIVATE], vpcEndpoints: [...vpcEndpoints] }
      : { types: [EndpointType.REGIONAL] },
    policy: resourcePolicy,
    disableExecuteApiEndpoint: hasDefaultEndpoint(access) ? undefined : true,
  };
}

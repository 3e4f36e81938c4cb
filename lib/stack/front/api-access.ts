import { CfnRestApi, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { IVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import type { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Aws, Fn, Token } from 'aws-cdk-lib/core';
import { type CustomDomain, checkDomain } from './custom-domain.ts';

/** Who can reach the API, and under which name. */
export interface ApiAccess {
  readonly domainName?: CustomDomain;
  readonly defaultEndpoint?: boolean;
  readonly vpcEndpoints?: readonly IVpcEndpoint[];
  readonly resourcePolicy?: PolicyDocument;
  readonly webAclArn?: string;
}

const WEB_ACL_ARN = /^arn:[^:]+:wafv2:[^:]+:\d{12}:regional\/webacl\/[^/]+\/[^/]+$/;

/** @throws naming the wrong property and what is allowed */
export function checkAccess(access: ApiAccess): void {
  const { domainName, vpcEndpoints, webAclArn } = access;
  if (domainName) checkDomain(domainName);
  if (vpcEndpoints?.length === 0)
    throw new Error('vpcEndpoints is empty: it has to name at least one interface endpoint of execute-api');
  if (vpcEndpoints && domainName)
    throw new Error(
      'vpcEndpoints and domainName are both set: a private API has another kind of domain (AWS::ApiGateway::DomainNameV2), which this construct does not define. Use the name of the endpoint, or add such a domain to the property api yourself (docs/recipes.md)',
    );
  if (access.defaultEndpoint === false && !domainName)
    throw new Error('defaultEndpoint is false: without a domainName no host could reach the API');
  if (access.defaultEndpoint === true && domainName?.truststore)
    throw new Error(
      'defaultEndpoint is true: it asks for no client certificate, so it has to be false with domainName.truststore',
    );
  if (webAclArn !== undefined && !Token.isUnresolved(webAclArn) && !WEB_ACL_ARN.test(webAclArn))
    throw new Error(`webAclArn is '${webAclArn}': it has to be the ARN of a regional web ACL of AWS WAF (wafv2)`);
}

/** Whether hosts can use the name that AWS gives the API. */
export const hasDefaultEndpoint = ({ defaultEndpoint, domainName }: ApiAccess): boolean =>
  defaultEndpoint ?? domainName?.truststore === undefined;

/**
 * Raises the default endpoint from TLS 1.0 to TLS 1.2, with the ciphers that osquery offers. `BASIC`, because `STRICT`
 * refuses requests whose Host header differs from the name of the TLS handshake, such as those of a proxy.
 *
 * @see Amazon API Gateway Developer Guide, "Security policies for REST APIs"
 */
export function requireModernTls(api: RestApi): void {
  const resource = api.node.defaultChild;
  if (!(resource instanceof CfnRestApi)) throw new Error('the REST API has no resource of its own');
  // Overrides, because the oldest aws-cdk-lib of the range in package.json would drop properties that it does not know.
  resource.addPropertyOverride('SecurityPolicy', 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09');
  resource.addPropertyOverride('EndpointAccessMode', 'BASIC');
}

/** Puts a web ACL of AWS WAF in front of the API, which then filters each request. */
export function protectByWaf(api: RestApi, webAclArn: string): void {
  new CfnWebACLAssociation(api, 'WebAcl', { resourceArn: api.deploymentStage.stageArn, webAclArn });
}

/** The host name that AWS gives the API: public, or the one of the first VPC endpoint, which needs no private DNS. */
export function defaultHostname(api: RestApi, vpcEndpoints: readonly IVpcEndpoint[] = []): string {
  const [first] = vpcEndpoints;
  const name = first ? Fn.join('-', [api.restApiId, first.vpcEndpointId]) : api.restApiId;
  return `${name}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
}

import { type Duration, RemovalPolicy, Token } from 'aws-cdk-lib/core';
import type { Front } from './front/front.ts';
import type { MayflyProps } from './mayfly-props.ts';

type Rule = readonly [name: keyof MayflyProps, isAllowed: (props: MayflyProps) => boolean, allowed: string];

const isWhole = (value: number): boolean => Number.isInteger(value) && value > 0;
const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0;

/** In plain JavaScript a duration may be a number. An app may also use another copy of aws-cdk-lib, so its class does not count. */
const secondsOf = (duration: Duration | undefined): number =>
  typeof duration?.toSeconds === 'function' ? duration.toSeconds({ integral: false }) : Number.NaN;
const isListOf = (values: unknown, isAllowed: (value: unknown) => boolean): boolean =>
  Array.isArray(values) && values.every(isAllowed);
const isText = (value: unknown): value is string => typeof value === 'string';
const isAccount = (value: unknown): boolean => isText(value) && (Token.isUnresolved(value) || /^\d{12}$/.test(value));
const DAY_SECONDS = 86_400;

const RULES: readonly Rule[] = [
  [
    'removalPolicy',
    ({ removalPolicy }) => removalPolicy === RemovalPolicy.RETAIN || removalPolicy === RemovalPolicy.DESTROY,
    'RemovalPolicy.RETAIN or RemovalPolicy.DESTROY',
  ],
  [
    'reconcileEvery',
    ({ reconcileEvery }) => isWhole(secondsOf(reconcileEvery) / 60),
    'a number of whole minutes, such as Duration.minutes(5)',
  ],
  [
    'noAgentAfter',
    ({ noAgentAfter }) => isWhole(secondsOf(noAgentAfter)),
    'a positive number of whole seconds, such as Duration.minutes(10)',
  ],
  [
    'resultsKeptFor',
    ({ resultsKeptFor }) => isWhole(secondsOf(resultsKeptFor) / DAY_SECONDS),
    'a positive number of whole days, such as Duration.days(90)',
  ],
  [
    'coverageObjective',
    ({ coverageObjective = 0 }) => isPositive(coverageObjective) && coverageObjective <= 100,
    'a percentage above 0 and up to 100',
  ],
  [
    'agentRequests',
    ({ agentRequests }) => isPositive(agentRequests?.perSecond ?? 0) && isWhole(agentRequests?.burst ?? 0),
    'a rate (perSecond) above 0 and a whole burst above 0',
  ],
  ['agentConcurrency', ({ agentConcurrency = 0 }) => isWhole(agentConcurrency), 'a whole number above 0'],
  [
    'front',
    ({ front }) => front?.kind === 'serverless' || (front?.kind === 'service' && front.service !== undefined),
    'Front.serverless() or Front.service(…)',
  ],
  ['enrollSecrets', ({ enrollSecrets }) => isListOf(enrollSecrets, isText), "a list of names, such as ['web', 'db']"],
  [
    'vpcEndpoints',
    ({ vpcEndpoints }) => isListOf(vpcEndpoints, (one) => isText(Object(one).vpcEndpointId)),
    'a list of interface endpoints, such as InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(…)',
  ],
  [
    'resourcePolicy',
    ({ resourcePolicy }) => typeof resourcePolicy?.toJSON === 'function' && 'addStatements' in resourcePolicy,
    'a PolicyDocument',
  ],
  ['attestAccounts', ({ attestAccounts }) => isListOf(attestAccounts, isAccount), 'a list of accounts of 12 digits'],
  [
    'attestationCertificates',
    ({ attestationCertificates }) =>
      isListOf(
        Object.values(Object(attestationCertificates)),
        (one) => isText(one) && one.includes('BEGIN CERTIFICATE'),
      ),
    'the text of a PEM certificate for each Region',
  ],
];

/** The properties of the gateway, which only the serverless front has, and what the long-poll front has instead. */
const OF_GATEWAY = [
  ['agentRequests', 'the service has limits of its own (docs/fronts.md)'],
  ['agentConcurrency', 'the service scales its tasks'],
  ['domainName', 'the service gets its name from Front.service'],
  ['defaultEndpoint', 'the service has one name'],
  ['vpcEndpoints', 'the load balancer is in your VPC'],
  ['resourcePolicy', 'the load balancer has security groups'],
  ['webAclArn', 'associate the web ACL with the property loadBalancer'],
] as const;

type GatewayProps = Partial<Record<(typeof OF_GATEWAY)[number][0], unknown>>;

/** @throws naming the first property that the front does not have */
export function checkFrontProps(props: GatewayProps & { readonly front?: Front }): void {
  if (props.front?.kind !== 'service') return;
  for (const [name, instead] of OF_GATEWAY)
    if (props[name] !== undefined)
      throw new Error(
        `${name} is set, but it applies only to Front.serverless, and the front is Front.service: ${instead}`,
      );
}

/** @throws naming the first property with a wrong value, that value, and what is allowed */
export function checkProps(props: MayflyProps): void {
  for (const [name, isAllowed, allowed] of RULES) {
    const value = props[name];
    if (value === undefined || Token.isUnresolved(value) || isAllowed(props)) continue;
    throw new Error(`${name} is ${textOf(value)}: it has to be ${allowed}`);
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'toHumanString' in value && typeof value.toHumanString === 'function'
    ? String(value.toHumanString())
    : JSON.stringify(value);

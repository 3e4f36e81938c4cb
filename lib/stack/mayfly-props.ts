import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import type { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { AttestMode } from './enrollment/attestation.ts';
import type { ExistingSecrets } from './enrollment/secrets.ts';
import type { ExpectAgents } from './events/expect-agents.ts';
import type { CustomDomain } from './front/custom-domain.ts';
import type { Front } from './front/front.ts';
import type { RequestLimit } from './front/tls-api.ts';
import type { AlarmTopicChoice } from './operations/alarm-topic.ts';

export interface MayflyProps {
  /**
   * Folder with the functions' bundles, one `<name>/index.js` each.
   * @default - `dist/lambdas` of this package, where `npm run bundle` writes them
   */
  readonly bundles?: string;
  /**
   * What happens to the table, the results bucket and the secrets when the stack is deleted.
   * @default RemovalPolicy.RETAIN - ledger, answers and the secrets of the fleet outlive the stack
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Names of additional enroll secrets, such as one for each team. Profiles and `hosts-where` can match on the name of the
   * secret that a host presented. Each is a separate secret in Secrets Manager with its own rotation.
   * @default - only the secret named `default`
   */
  readonly enrollSecrets?: readonly string[];
  /**
   * Secrets that exist already, such as those that a former stack kept (docs/moving.md).
   * @default - all are generated
   */
  readonly secrets?: ExistingSecrets;
  /**
   * A table that exists already, with Mayfly's keys and index; it keeps its own settings (docs/moving.md).
   * @default - a new one
   */
  readonly table?: ITable;
  /**
   * A bucket that exists already, for answers, agent logs and bodies that could not be parsed; it keeps its own settings.
   * @default - a new one
   */
  readonly resultsBucket?: IBucket;
  /**
   * How long the new results bucket keeps answers, agent logs and quarantine; whole days. The ledger has a time of its own
   * (`ledger_keeps` of the policy).
   * @default - forever
   */
  readonly resultsKeptFor?: Duration;
  /**
   * How often the reconciler looks for workloads whose events were lost; whole minutes.
   * @default - every minute
   */
  readonly reconcileEvery?: Duration;
  /**
   * How long an EC2 instance may run without an enrolled node before it becomes the fleet issue `no-agent`. Instances with
   * the tag `mayfly:ignore` = `true` never do.
   * @default - 5 minutes
   */
  readonly noAgentAfter?: Duration;
  /**
   * Where agents are expected, for a partial rollout: by tag, VPC or ECS cluster; an instance has to match each part that is
   * there. Other instances never become the fleet issue `no-agent`, and have the verdict `ignored` instead of `missed`.
   * @default - on every instance
   */
  readonly expectAgents?: ExpectAgents;
  /**
   * Percent. An alarm fires when a smaller share of the workloads judged in 15 minutes was seen.
   * @default 99 - one miss fires among few workloads, not among hundreds; each miss is also an event on the bus
   */
  readonly coverageObjective?: number;
  /**
   * Whether hosts prove which instance they are, with the instance identity document in their enroll secret file
   * (docs/hosts.md). `required`: only hosts with a document get the name of an instance. `preferred`: they take precedence.
   * @default 'off'
   */
  readonly attest?: AttestMode;
  /**
   * Accounts whose instances may enroll by their identity document.
   * @default - the account of the stack
   */
  readonly attestAccounts?: readonly string[];
  /**
   * Certificates or public keys (PEM) that sign identity documents, by Region; they override the built-in ones.
   * @default - those that AWS publishes
   */
  readonly attestationCertificates?: Readonly<Record<string, string>>;
  /**
   * What agents connect to: `Front.serverless()`, or `Front.service(…)`, which answers within a second (docs/fronts.md).
   * @default Front.serverless() - the properties of the gateway below apply only to it
   */
  readonly front?: Front;
  /**
   * Request limit of the gateway, for agents and strangers together. Requests beyond it are refused, and agents retry.
   * @default - 1,000 requests a second, bursts of 2,000: enough for 10,000 hosts that poll every 10 s (docs/decisions/0020)
   */
  readonly agentRequests?: RequestLimit;
  /**
   * Maximum number of agent requests handled at a time. The rest of the account's concurrency stays available to the event
   * functions. AWS requires 100 unreserved executions, which a new account does not have.
   * @default - no limit
   */
  readonly agentConcurrency?: number;
  /**
   * A host name of your own, with its certificate. Endpoints have no path prefix there, so a fleet moves to Mayfly, or from
   * one stack to another, by `--tls_hostname` or DNS alone (docs/recipes.md).
   * @default - the name that AWS gives the API, with the path prefix `/prod`
   */
  readonly domainName?: CustomDomain;
  /**
   * Whether hosts can also use the name that AWS gives the API. It must be false, or unset, with a truststore.
   * @default true - unless `domainName` has a truststore
   */
  readonly defaultEndpoint?: boolean;
  /**
   * Interface endpoints of `execute-api`: the API becomes private, and only they reach it.
   * @default - the API is public
   */
  readonly vpcEndpoints?: readonly IVpcEndpoint[];
  /**
   * Resource policy of the API, such as allowed address ranges.
   * @default - every client may call it; with `vpcEndpoints`, only clients of those endpoints
   */
  readonly resourcePolicy?: PolicyDocument;
  /**
   * ARN of a regional web ACL of AWS WAF. Its custom responses, if any, must not be JSON (docs/recipes.md).
   * @default - none
   */
  readonly webAclArn?: string;
  /**
   * Where alarms go when they fire and when they end: a topic, `true` for a new one, or an e-mail address, which is
   * subscribed to a new one (docs/recipes.md).
   * @default - nowhere
   */
  readonly alarmTopic?: AlarmTopicChoice;
  /**
   * Whether each missed workload is published to the alarm topic too.
   * @default false - only alarms
   */
  readonly notifyMisses?: boolean;
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import type { MayflyProps } from '../../../lib/stack/mayfly-props.ts';
import { MayflyStack } from '../../../lib/stack/mayfly-stack.ts';
import { aFolder } from '../../support/folder.ts';

/** A value in a template, or a reference that the deployment resolves. */
export type Reference = { readonly Ref: string } | { readonly 'Fn::GetAtt': readonly [string, string] };

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

export interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: object; readonly DeletionPolicy?: string }>
  >;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

export interface FunctionProperties {
  Architectures: string[];
  Runtime: string;
  Handler: string;
  Timeout: number;
  Role: Reference;
  Environment: { Variables: Record<string, unknown> };
  LoggingConfig: { LogGroup: Reference; LogFormat: string; SystemLogLevel: string };
  ReservedConcurrentExecutions?: number;
}

export interface QueueProperties {
  RedrivePolicy?: { deadLetterTargetArn: Reference; maxReceiveCount: number };
  MessageRetentionPeriod?: number;
  VisibilityTimeout?: number;
  SqsManagedSseEnabled: boolean;
}

export interface MappingProperties {
  EventSourceArn: Reference;
  FunctionName: Reference;
  BatchSize: number;
  MaximumBatchingWindowInSeconds: number;
  FunctionResponseTypes: string[];
  ScalingConfig: { MaximumConcurrency: number };
}

export interface PolicyProperties {
  PolicyDocument: { Statement: Statement[] };
  Roles?: Reference[];
  Queues?: Reference[];
}

/** The template with the defaults, made once for the test files of a worker. */
let shipped: string | undefined;

/** The template of a stack with one Mayfly. */
export function mayflyTemplate(props?: MayflyProps): Template {
  if (props) return templateOf(props);
  shipped ??= JSON.stringify(templateOf({}));
  return JSON.parse(shipped);
}

function templateOf(props: MayflyProps): Template {
  const stack = new MayflyStack(anApp(), 'Mayfly', { bundles: someBundles(), ...props });
  return Assertions.fromStack(stack).toJSON() as Template;
}

/** The template of the shipped stack with this context, as `cdk -c` gives it. */
export function templateWith(context: Readonly<Record<string, string>>, props: MayflyProps = {}): Template {
  const app = anApp();
  for (const [name, value] of Object.entries(context)) app.node.setContext(name, value);
  const stack = new MayflyStack(app, 'Mayfly', { bundles: someBundles(), ...props });
  return Assertions.fromStack(stack).toJSON() as Template;
}

/** No metadata about each resource, which is in no template. It takes half the time of a synthesis. */
const NO_METADATA = {
  'aws:cdk:disable-creation-stack-traces': true,
  'aws:cdk:disable-logicalId-metadata': true,
  '@aws-cdk/core:enableAdditionalMetadataCollection': false,
};

/**
 * An app with the flags of cdk.json and without the CLI.
 *
 * @param validation whether CDK's built-in rules check each template; they take several times as long as the synthesis
 */
export function anApp({ validation = false } = {}): App {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };
  return new App({
    context: { ...context, 'aws:cdk:bundling-stacks': [], 'aws:cdk:disable-asset-staging': true, ...NO_METADATA },
    outdir: aFolder(),
    builtinCloudFormationValidation: validation,
    ...{ analyticsReporting: false, stackTraces: false, treeMetadata: false }, // what no test reads
  });
}

/** The functions that EventBridge's events reach through a queue, in the order of their routes. */
export const EVENT_FUNCTIONS = ['ecs-task-state', 'ec2-launch', 'last-gasp', 'finding', 'query-request'] as const;

let bundles: string | undefined;

/** A folder of small bundles in place of the real ones, so that stack tests need no build. The stacks of a worker share it. */
export function someBundles(): string {
  bundles ??= madeBundles();
  return bundles;
}

function madeBundles(): string {
  const folder = aFolder();
  for (const name of [...EVENT_FUNCTIONS, 'tls-api', 'reconcile', 'deployment']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.js'), `exports.handler = async () => '${name}';`);
  }
  return folder;
}

/** The resources of a type, by logical id. */
export function resourcesOf<Properties>(template: Template, type: string): [id: string, properties: Properties][] {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Properties }]) => [id, Properties as Properties]);
}

/** The logical id a reference names. */
export function idOf(reference: Reference): string {
  return 'Ref' in reference ? reference.Ref : reference['Fn::GetAtt'][0];
}

/** A value as text: references as `<Id>` or `<Id.Attribute>`, with `Fn::Join` resolved. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [intrinsic, argument] = Object.entries(value as object)[0] as [string, unknown];
  if (intrinsic === 'Ref') return `<${argument}>`;
  if (intrinsic === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (intrinsic === 'Fn::Join') {
    const [delimiter, parts] = argument as [string, unknown[]];
    return parts.map(textOf).join(delimiter);
  }
  throw new Error(`No text for ${JSON.stringify(value)}`);
}

export const listOf = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** The properties of the only resource of a type. */
export function theOnly<Properties>(template: Template, type: string): Properties {
  const [first, ...others] = resourcesOf<Properties>(template, type);
  if (!first || others.length > 0) throw new Error(`Not exactly one ${type}`);
  return first[1];
}

/** The name of a function in a template: the one in its logs, which is its folder under lambdas/. */
export const nameOf = (fn: FunctionProperties) => fn.Environment.Variables.POWERTOOLS_SERVICE_NAME;

export function functionNamed(template: Template, name: string): [id: string, properties: FunctionProperties] {
  const found = resourcesOf<FunctionProperties>(template, 'AWS::Lambda::Function').find(
    ([, fn]) => nameOf(fn) === name,
  );
  if (!found) throw new Error(`The template has no function '${name}'`);
  return found;
}

/** Every policy, of roles, queues and the bucket, by logical id. */
export function policiesOf(template: Template): [id: string, properties: PolicyProperties][] {
  return ['AWS::IAM::Policy', 'AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy'].flatMap((type) =>
    resourcesOf<PolicyProperties>(template, type),
  );
}

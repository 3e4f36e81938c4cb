import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';
import type { RunCredentials } from './access/credentials.ts';
import { DEFAULT_CONCURRENCY, EventSource } from './events/event-source.ts';
import { LocalQueue } from './events/queues.ts';
import { environmentsFor, LocalFunction } from './functions/functions.ts';
import type { Clock } from './machine/clock.ts';
import type { OnLine } from './machine/each-line.ts';
import { LocalError } from './machine/local-error.ts';
import type { Notify } from './machine/notice.ts';
import type { Assembly } from './template/assembly.ts';
import type { Resource } from './template/template.ts';
import type { Meter } from './usage/meter.ts';

export type Queues = ReadonlyMap<string, LocalQueue>; // keyed by ARN
export type Functions = ReadonlyMap<string, LocalFunction>; // keyed by ARN

const ofType = (resources: readonly Resource[], type: string) => resources.filter((resource) => resource.type === type);

/** Opens the journal of each queue in the template. The defaults are SQS's. */
export async function openQueues(
  resources: readonly Resource[],
  folder: string,
  clock: Clock,
  { notify, meter }: { readonly notify: Notify; readonly meter: Meter },
): Promise<Queues> {
  const opened = ofType(resources, 'AWS::SQS::Queue').map(async ({ name, arn, properties }) => {
    const config = {
      name,
      arn,
      visibilityTimeoutMs: Number(properties.VisibilityTimeout ?? 30) * 1000,
      retentionMs: Number(properties.MessageRetentionPeriod ?? 345_600) * 1000,
      count: (request: 'send' | 'receive' | 'delete', messages: number) => meter.queueRequest(request, messages),
      redrivePolicy: properties.RedrivePolicy === undefined ? undefined : JSON.stringify(properties.RedrivePolicy),
    };
    return [arn, await LocalQueue.open(path.join(folder, `${name}.journal`), config, clock, notify)] as const;
  });
  return new Map(await Promise.all(opened));
}

/** The local endpoints of AWS's services and the credentials for them, which functions use. */
export interface Services {
  readonly dynamo: string;
  readonly aws: string;
  readonly credentials: RunCredentials;
}

/** The same, for functions with credentials of their own. */
interface FunctionServices extends Services {
  /** The credentials of a function, by its name. */
  readonly credentialsFor: (functionName: string) => RunCredentials;
}

/** Creates the template's functions. Each is loaded at its first invocation. */
export function createFunctions(
  assembly: Assembly,
  services: FunctionServices,
  logs: string,
  { notify, meter, onLine }: { readonly notify: Notify; readonly meter: Meter; readonly onLine: OnLine },
): Functions {
  const resources = ofType(assembly.resources, 'AWS::Lambda::Function');
  const machine = { cores: availableParallelism(), memoryMb: totalmem() / 1024 / 1024 };
  const possible = environmentsFor(machine, resources.length);
  const functions = resources.map((resource) => {
    const { logicalId, name, arn, properties } = resource;
    const folder = assembly.assetFolder(String(Object(properties.Code).S3Key));
    if (folder === undefined)
      throw new LocalError(`${logicalId} (AWS::Lambda::Function): its code is no asset of the assembly`);
    if (!String(properties.Runtime).startsWith('nodejs')) {
      throw new LocalError(
        `${logicalId} (AWS::Lambda::Function): the runtime ${properties.Runtime} is not implemented locally`,
      );
    }
    const config = {
      name,
      arn,
      folder,
      handler: String(properties.Handler),
      environment: environmentOf(resource, folder, assembly.region, services),
      timeoutSeconds: Number(properties.Timeout ?? 3),
      memoryMb: Number(properties.MemorySize ?? 128),
      logFile: path.join(logs, `${name}.log`),
      concurrency: Math.min(possible, Number(properties.ReservedConcurrentExecutions ?? possible)),
    };
    return [
      arn,
      new LocalFunction(config, notify, (ms) => meter.invocation(name, config.memoryMb, ms), onLine),
    ] as const;
  });
  return new Map(functions);
}

/**
 * Builds a function's environment: Lambda's variables, the template's, and the local endpoints of every AWS service.
 */
function environmentOf(
  { name, properties }: Resource,
  folder: string,
  region: string,
  services: FunctionServices,
): Record<string, string> {
  const { ApplicationLogLevel, LogFormat } = Object(properties.LoggingConfig);
  return {
    ...Object(Object(properties.Environment).Variables),
    ...(LogFormat ? { AWS_LAMBDA_LOG_FORMAT: LogFormat } : {}),
    ...(ApplicationLogLevel ? { AWS_LAMBDA_LOG_LEVEL: ApplicationLogLevel } : {}),
    AWS_EXECUTION_ENV: `AWS_Lambda_${properties.Runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize ?? 128),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: String(properties.Handler),
    TZ: ':UTC',
    ...awsEnvironment(region, { ...services, credentials: services.credentialsFor(name) }),
  };
}

/** What tells an SDK where the local services are, and with which credentials. */
export const awsEnvironment = (region: string, services: Services): Record<string, string> => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: services.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: services.credentials.secretAccessKey,
  AWS_SESSION_TOKEN: 'local',
  // Keep the operator's own AWS configuration away from the function.
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', // this Node is not Lambda's
  AWS_ENDPOINT_URL: services.aws, // calls to services that are not implemented fail here instead of reaching AWS
  AWS_ENDPOINT_URL_DYNAMODB: services.dynamo,
  AWS_ENDPOINT_URL_FIREHOSE: services.aws,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: services.aws,
  AWS_ENDPOINT_URL_ECS: services.aws,
  AWS_ENDPOINT_URL_EC2: services.aws,
  AWS_ENDPOINT_URL_AUTO_SCALING: services.aws,
  AWS_ENDPOINT_URL_EVENTBRIDGE: services.aws,
});

/** Starts the enabled event source mappings. The defaults are Lambda's. */
export function createSources(
  assembly: Assembly,
  { queues, functions }: { readonly queues: Queues; readonly functions: Functions },
  clock: Clock,
  notify: Notify,
): EventSource[] {
  const redrive = new Map(
    ofType(assembly.resources, 'AWS::SQS::Queue').map(({ arn, properties }) => [arn, Object(properties.RedrivePolicy)]),
  );
  return ofType(assembly.resources, 'AWS::Lambda::EventSourceMapping').map(({ logicalId, properties }) => {
    const queue = queues.get(String(properties.EventSourceArn));
    const target = [...functions.values()].find(({ config }) =>
      [config.name, config.arn].includes(String(properties.FunctionName)),
    );
    if (!queue || !target)
      throw new LocalError(
        `${logicalId} (AWS::Lambda::EventSourceMapping): it must lead from a queue to a function of this template`,
      );
    const { deadLetterTargetArn, maxReceiveCount } = redrive.get(queue.config.arn);
    const types = (properties.FunctionResponseTypes ?? []) as unknown[];
    const config = {
      function: target.config.name,
      region: assembly.region,
      batchSize: Number(properties.BatchSize ?? 10),
      windowMs: Number(properties.MaximumBatchingWindowInSeconds ?? 0) * 1000,
      reportsItemFailures: types.includes('ReportBatchItemFailures'),
      maxConcurrency: Number(Object(properties.ScalingConfig).MaximumConcurrency ?? DEFAULT_CONCURRENCY),
      maxReceiveCount: Number(maxReceiveCount ?? Number.POSITIVE_INFINITY),
    };
    return new EventSource(
      { queue, deadLetters: queues.get(String(deadLetterTargetArn)), target },
      config,
      clock,
      notify,
    );
  });
}

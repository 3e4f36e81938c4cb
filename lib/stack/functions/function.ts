import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  RuntimeFamily,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { metricsNamespace } from './own-metrics.ts';

export interface FunctionSettings {
  /** Folder with the functions' bundles: `<bundles>/<name>/index.js`. */
  readonly bundles: string;
  /** The function's folder under `lambdas/`. */
  readonly name: string;
  readonly description: string;
  readonly timeout: Duration;
  /** MB; Lambda gives CPU in proportion, one vCPU at 1769. */
  readonly memorySize: number;
  /** Reserved concurrency, which is also the limit. @default - none reserved, no limit */
  readonly reservedConcurrency?: number;
  /** @default SystemLogLevel.INFO - Lambda writes one report line for each invocation */
  readonly systemLogLevel?: SystemLogLevel;
}

/** Not `Runtime.NODEJS_24_X`, which the oldest aws-cdk-lib of the range in package.json lacks. */
const RUNTIME = new Runtime('nodejs24.x', RuntimeFamily.NODEJS, { supportsInlineCode: true });

/**
 * A Lambda function of Mayfly: arm64, the current Node runtime, JSON logs kept for a month, and a role that can only write
 * those logs until a grant adds more.
 */
export function defineFunction(scope: Construct, settings: FunctionSettings): LambdaFunction {
  const logGroup = new LogGroup(scope, 'Logs', {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // CDK's default role has AWSLambdaBasicExecutionRole, which may write to every log group.
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);

  return new LambdaFunction(scope, 'Function', {
    description: settings.description,
    runtime: RUNTIME,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    code: Code.fromAsset(bundleFolder(settings)),
    timeout: settings.timeout,
    memorySize: settings.memorySize,
    reservedConcurrentExecutions: settings.reservedConcurrency,
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    applicationLogLevelV2: ApplicationLogLevel.INFO,
    systemLogLevelV2: settings.systemLogLevel ?? SystemLogLevel.INFO,
    environment: {
      POWERTOOLS_SERVICE_NAME: settings.name,
      POWERTOOLS_METRICS_NAMESPACE: metricsNamespace(scope),
      POWERTOOLS_LOG_LEVEL: 'INFO',
    },
  });
}

function bundleFolder({ bundles, name }: FunctionSettings): string {
  const folder = join(bundles, name);
  if (!existsSync(join(folder, 'index.js'))) {
    throw new Error(`No bundle of the function '${name}' in ${folder}: run 'npm run bundle' first`);
  }
  return folder;
}

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { credentialsOf, newCredentials, type RunCredentials } from './access/credentials.ts';
import { type Services, startAwsServer } from './aws-server.ts';
import { callersOf } from './callers.ts';
import { createCustomResources } from './custom-resources.ts';
import { EventBus } from './events/event-bus.ts';
import { Schedule } from './events/schedule.ts';
import { startGateway } from './gateway/gateway.ts';
import { readRestApi, type Throttle } from './gateway/gateway-api.ts';
import { CERTIFICATE_KEY, localCertificate } from './machine/certificate.ts';
import { type Clock, systemClock } from './machine/clock.ts';
import { takeFolder } from './machine/data-folder.ts';
import type { OnLine } from './machine/each-line.ts';
import { addressesOf, LOOPBACK, nameOf } from './machine/listen-address.ts';
import { LocalError } from './machine/local-error.ts';
import type { LocalNotice, Notify } from './machine/notice.ts';
import { once } from './machine/once.ts';
import { freePort } from './machine/port.ts';
import type { Service } from './protocol/aws-error.ts';
import { createRules, readSchedules } from './rules.ts';
import { FRONT, readService, startService } from './service.ts';
import { AUTO_SCALING_VERSION, autoScalingService } from './services/auto-scaling.ts';
import type { AwsWorld } from './services/aws-world.ts';
import { type LocalDynamo, startDynoxide } from './services/dynoxide.ts';
import { EC2_VERSION, ec2Service } from './services/ec2.ts';
import { ecsService } from './services/ecs.ts';
import { LocalFirehose } from './services/firehose.ts';
import { LocalSecrets } from './services/secrets.ts';
import { sqsService, urlOf } from './services/sqs.ts';
import { ensureTable } from './table.ts';
import { type Assembly, readAssembly } from './template/assembly.ts';
import type { Resource } from './template/template.ts';
import { type LocalUsage, Meter } from './usage/meter.ts';
import { createFunctions, createSources, openQueues, type Queues } from './wiring.ts';

export { type RunCredentials, signedHeaders } from './access/credentials.ts';
export { addressesOf, inUrl, LOOPBACK } from './machine/listen-address.ts';
export type { LocalNotice } from './machine/notice.ts';
export { openCopy, openLeft } from './stopped-table.ts';
export type { LocalUsage } from './usage/meter.ts';

export interface LocalOptions {
  /**
   * The synthesized app (`cdk.out`), or a function that makes it, called only once the data folder is locked and the
   * port free.
   */
  readonly assembly: string | (() => Promise<string>);
  /** Folder for all state (table, queues, results, secrets, certificate, logs). Created if missing. */
  readonly data: string;
  /** Port of the HTTPS API; 0 for any free one. */
  readonly port: number;
  /** The address that the HTTPS API listens on. @default 127.0.0.1: only this machine reaches it */
  readonly listen?: string;
  /** Required if the assembly has several stacks. */
  readonly stackName?: string;
  /** Endpoint of a DynamoDB to use instead of the embedded one. @default the environment's DYNAMODB_ENDPOINT */
  readonly dynamodbEndpoint?: string;
  /** The account whose APIs the functions call. @default an account without tasks or instances */
  readonly world?: AwsWorld;
  readonly onEvent?: (notice: LocalNotice) => void;
  /** Receives each line that a function or the service writes to its log. */
  readonly onLine?: OnLine;
  /** @default the stage's throttling settings, if any */
  readonly throttle?: Throttle;
  /** Clock of schedules, retries, batch windows, expiry and gateway timeouts. Functions see the real time. */
  readonly clock?: Clock;
}

/** A running stack. */
export interface LocalMayfly {
  readonly url: string; // https://<localhost or the address>:<port>
  readonly certificate: string; // path of a file
  readonly enrollSecret: string; // path of a file
  readonly namedSecrets: readonly string[]; // paths of the files with further enroll secrets
  readonly events: string; // http://127.0.0.1:<port>: PutEvents, and POST /events
  readonly results: string; // path of a folder
  readonly tableName: string;
  readonly outputs: Readonly<Record<string, string>>; // the stack's outputs with their local values
  readonly stack: StackDescription;
  readonly dynamodb: string; // endpoint
  /** Required to sign each request to the endpoints of `events` and `dynamodb`. New at each start. */
  readonly credentials: RunCredentials;
  /** What the run used so far; undefined with another DynamoDB, which is not counted. */
  readonly usage?: () => LocalUsage;
  /** Accepts complete events. Resolves when they are durable in the queues of every matching rule. */
  putEvents(events: unknown[]): Promise<void>;
  /** Resolves when every queue is empty: each event was handled or moved to its dead-letter queue. */
  idle(): Promise<void>;
  /** Stops everything within 2 s. Queued messages stay on disk for the next start. */
  close(): Promise<void>;
}

/** A stack as CloudFormation would describe it, with local values: queues at local addresses, log groups as files. */
export interface StackDescription {
  readonly outputs: readonly {
    readonly OutputKey: string;
    readonly OutputValue: string;
    readonly Description: string;
  }[];
  readonly resources: readonly { readonly logicalId: string; readonly type: string; readonly physicalId: string }[];
}

/** How long `close` waits for the requests in flight. */
const CLOSE_GRACE_MS = 1000;

/**
 * Runs a synthesized stack on this machine, exactly as the template describes it.
 *
 * @throws {LocalError} naming a resource type or property the runner does not know; if the data folder is in use; if
 *   there is no DynamoDB. If the port is in use, throws an error with the code `EADDRINUSE`
 */
export async function startLocal(options: LocalOptions): Promise<LocalMayfly> {
  const data = path.resolve(options.data);
  const cleanUp: (() => Promise<unknown>)[] = [await takeFolder(data)];
  const close = once(async () => {
    for (const step of cleanUp.reverse()) await step();
  });
  try {
    await freePort(options.port, options.listen);
    const folder = typeof options.assembly === 'string' ? options.assembly : await options.assembly();
    return await start(readAssembly(folder, options.stackName), data, options, { cleanUp, close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** The services with those counted that AWS bills by use. */
function meteredServices({ json }: Services, meter: Meter, table: Resource): Services['json'] {
  const counted: Readonly<Record<string, (service: Service) => Service>> = {
    DynamoDB_20120810: (service) => meter.database(service, indexKeysOf(table)),
    Firehose_20150804: (service) => meter.firehose(service),
    AWSEvents: (service) => meter.bus(service),
  };
  return Object.fromEntries(Object.entries(json).map(([name, service]) => [name, counted[name]?.(service) ?? service]));
}

/** The key attributes of the table's index. */
function indexKeysOf({ properties }: Resource): string[] {
  const [index] = Array.from(Object(properties.GlobalSecondaryIndexes));
  return Array.from(Object(Object(index).KeySchema), (key) => String(Object(key).AttributeName));
}

interface OwnServices {
  readonly dynamo?: LocalDynamo;
  readonly firehose: LocalFirehose;
  readonly secrets: LocalSecrets;
  readonly bus: EventBus;
  readonly queues: Queues;
}

/** The AWS services that the runner provides, keyed by their names in the protocols. */
const servicesOf = (
  { dynamo, firehose, secrets, bus, queues }: OwnServices,
  world: LocalOptions['world'],
): Services => ({
  json: {
    ...dynamodb(dynamo),
    Firehose_20150804: firehose.answer,
    secretsmanager: secrets.answer,
    AmazonEC2ContainerServiceV20141113: ecsService(world?.ecs),
    AWSEvents: bus.answer,
    AmazonSQS: sqsService([...queues.values()]),
  },
  query: {
    [EC2_VERSION]: ec2Service(world?.ec2),
    [AUTO_SCALING_VERSION]: autoScalingService(world?.autoScaling),
  },
  bus,
});

/** What agents connect to. */
function readFront(assembly: Assembly) {
  const service = readService(assembly);
  return service
    ? ({ kind: 'service', service } as const)
    : ({ kind: 'gateway', api: readRestApi(assembly.resources) } as const);
}

/** Starts what agents connect to. */
const startFront = (
  front: ReturnType<typeof readFront>,
  gateway: Omit<Parameters<typeof startGateway>[0], 'api'>,
  service: Parameters<typeof startService>[1],
) => (front.kind === 'service' ? startService(front.service, service) : startGateway({ ...gateway, api: front.api }));

type CleanUp = (() => Promise<unknown>)[];

async function start(
  assembly: Assembly,
  data: string,
  options: LocalOptions,
  { cleanUp, close }: { readonly cleanUp: CleanUp; readonly close: () => Promise<void> },
): Promise<LocalMayfly> {
  const { clock = systemClock, onLine = () => undefined } = options;
  const notify: Notify = options.onEvent ?? (() => undefined);
  const logs = path.join(data, 'logs');
  await mkdir(logs, { recursive: true, mode: 0o700 });
  const { account, region } = assembly;

  const front = readFront(assembly); // first, so that an unsupported template fails before anything starts
  const { table, secrets, certificate, results, ...own } = await startStores(assembly, data, options, cleanUp);
  const meter = new Meter(clock, front.kind === 'service' ? 'service' : 'serverless');
  const queues = await openQueues(assembly.resources, path.join(data, 'queues'), clock, { notify, meter });
  cleanUp.push(() => Promise.all([...queues.values()].map((queue) => queue.close())));
  const bus = new EventBus(createRules(assembly.resources, queues), { account, region }, clock);
  const credentials = newCredentials();
  const services = servicesOf({ ...own, secrets, bus, queues }, options.world);
  const aws = await startAwsServer(
    { ...services, metered: meteredServices(services, meter, table) },
    callersOf(assembly, credentials),
  );
  cleanUp.push(() => aws.close());
  const endpoint = dynamodbOf(options) || aws.url;
  await ensureTable(endpoint, region, table, credentials);

  // Another DynamoDB may keep a table for each access key, so functions use the run's own there.
  const credentialsFor = (name: string) => (dynamodbOf(options) ? credentials : credentialsOf(credentials, name));
  const local = { dynamo: endpoint, aws: aws.url, credentials };
  const functions = createFunctions(assembly, { ...local, credentialsFor }, logs, { notify, meter, onLine });
  cleanUp.push(() => Promise.all([...functions.values()].map((fn) => fn.close())));
  await createCustomResources(assembly, functions);
  const scheduled = readSchedules(assembly, functions);
  const sources = createSources(assembly, { queues, functions }, clock, notify);
  const work = [...sources, ...scheduled.map((config) => new Schedule(config, clock))];
  const stopWork = () =>
    Promise.race([Promise.all(work.map((one) => one.close())), pause(CLOSE_GRACE_MS, undefined, { ref: false })]);
  cleanUp.push(stopWork);
  const enrollSecret = enrollSecretFile(assembly, secrets);
  const { port, throttle, listen: host = LOOPBACK } = options;
  const count = (at: string): void => meter.request(at);
  const keyFile = path.join(data, CERTIFICATE_KEY);
  const common = { certificate, port, host, notify };
  const served = { ...common, functions, clock, account, throttle, count };
  const asService = { region, services: { ...local, credentials: credentialsFor(FRONT) }, keyFile, logs, onLine };
  const gateway = await startFront(front, served, { ...common, ...asService });
  cleanUp.pop();
  cleanUp.push(() => Promise.all([stopWork(), gateway.close(CLOSE_GRACE_MS)]));

  return {
    url: `https://${nameOf(host)}:${gateway.port}`,
    certificate: certificate.file,
    enrollSecret,
    namedSecrets: assembly.outputs(/NamedSecretArn/).flatMap(([, arn]) => secrets.fileOf(String(arn)) ?? []),
    events: aws.url,
    results,
    tableName: table.name,
    outputs: Object.fromEntries(assembly.outputs(/./).map(([name, value]) => [name, String(value)])),
    stack: describe(assembly, aws.url, logs),
    dynamodb: endpoint,
    credentials,
    usage: dynamodbOf(options) ? undefined : () => meter.usage(),
    putEvents: async (events) => {
      await bus.put(events);
    },
    idle: async () => {
      for (const source of sources) await source.idle();
    },
    close,
  };
}

function describe(assembly: Assembly, endpoint: string, logs: string): StackDescription {
  const queues = assembly.resources.flatMap(({ logicalId, type, name }) =>
    type === 'AWS::SQS::Queue' ? [{ logicalId, type, physicalId: urlOf(endpoint, name) }] : [],
  );
  const logGroups = assembly.resources.flatMap(({ logicalId, type, name }) => {
    // CDK names a function's log group as the function, with another last word.
    const [, group, digest] = /^(\w*)(?:Function|Service)([0-9A-F]{8})$/.exec(logicalId) ?? [];
    const file = type === 'AWS::Lambda::Function' ? name : type === 'AWS::ECS::Service' ? FRONT : undefined;
    if (file === undefined || group === undefined) return [];
    const physicalId = path.join(logs, `${file}.log`);
    return [{ logicalId: `${group}Logs${digest}`, type: 'AWS::Logs::LogGroup', physicalId }];
  });
  return {
    outputs: assembly
      .outputs(/./)
      .map(([OutputKey, value, Description]) => ({ OutputKey, OutputValue: String(value), Description })),
    resources: [...queues, ...logGroups],
  };
}

/** The endpoint of a DynamoDB that is used instead of the embedded one. */
const dynamodbOf = ({ dynamodbEndpoint }: LocalOptions): string | undefined =>
  dynamodbEndpoint ?? process.env.DYNAMODB_ENDPOINT;

/** Starts what keeps data: the database, the secrets, the results. */
async function startStores(assembly: Assembly, data: string, options: LocalOptions, cleanUp: CleanUp) {
  const { clock = systemClock } = options;
  const notify: Notify = options.onEvent ?? (() => undefined);
  const ofType = (type: string) => assembly.resources.filter((resource) => resource.type === type);
  const [table, ...otherTables] = ofType('AWS::DynamoDB::Table');
  if (!table || otherTables.length > 0) throw new LocalError('the template must have exactly one table');
  const secrets = new LocalSecrets(ofType('AWS::SecretsManager::Secret'), path.join(data, 'secrets'));
  const results = path.join(data, 'results');
  const firehose = new LocalFirehose(ofType('AWS::KinesisFirehose::DeliveryStream'), results, clock, notify);
  cleanUp.push(() => firehose.close());
  const log = path.join(data, 'logs', 'dynoxide.log');
  const dynamo = dynamodbOf(options) ? undefined : await startDynoxide(data, log, notify);
  if (dynamo) cleanUp.push(() => dynamo.close());
  const [certificate] = await Promise.all([
    localCertificate(data, Date.now(), addressesOf(options.listen ?? LOOPBACK)),
    secrets.create(),
  ]);
  return { table, secrets, results, firehose, dynamo, certificate };
}

/** Offers DynamoDB as a service of a loopback server. */
const dynamodb = (dynamo: LocalDynamo | undefined): Record<string, Service> =>
  dynamo ? { DynamoDB_20120810: dynamo.answer } : {};

/**
 * Returns the file of the secret whose ARN is in the stack's enroll-secret output, where an operator would look it up.
 */
function enrollSecretFile(assembly: Assembly, secrets: LocalSecrets): string {
  const [output] = assembly.outputs(/enroll.?secret/i);
  const file = secrets.fileOf(String(output?.[1]));
  if (file === undefined)
    throw new LocalError('the template must have an output "EnrollSecretArn" with the ARN of a secret');
  return file;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Gateway } from './gateway/gateway.ts';
import type { Certificate } from './machine/certificate.ts';
import { eachLine, type OnLine } from './machine/each-line.ts';
import { record } from './machine/json.ts';
import { reachable } from './machine/listen-address.ts';
import { LocalError } from './machine/local-error.ts';
import type { Notify } from './machine/notice.ts';
import { freePort } from './machine/port.ts';
import type { Assembly } from './template/assembly.ts';
import type { Resource } from './template/template.ts';
import { awsEnvironment, type Services } from './wiring.ts';

/** The process of a container, as its task definition describes it. */
export interface ServiceConfig {
  readonly name: string;
  /** The folder of the image: `index.js` is what it runs. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

const READY_WITHIN_MS = 20_000;
const RESTART_AFTER_MS = 1_000;

/** The name of the service here, and of its log. */
export const FRONT = 'front';

/** The task definition of a template's service; undefined if it has none. */
export function taskOf(resources: readonly Resource[]): Resource | undefined {
  const service = resources.find(({ type }) => type === 'AWS::ECS::Service');
  return service && resources.find(({ name }) => name === service.properties.TaskDefinition);
}

/** The service of a template; undefined if it has none. @throws {LocalError} if the runner cannot run it */
export function readService({ resources, assetFolder }: Assembly): ServiceConfig | undefined {
  const [service, ...others] = resources.filter(({ type }) => type === 'AWS::ECS::Service');
  if (!service) return undefined;
  const task = taskOf(resources);
  const [container, ...more] = (task?.properties.ContainerDefinitions ?? []) as Record<string, unknown>[];
  if (others.length > 0 || !container || more.length > 0)
    throw new LocalError('the template must have one service with one container at most');
  // The tag of an image that the CLI would build is the digest of its folder.
  const tag = /:([0-9a-f]{64})$/.exec(String(container.Image))?.[1] ?? '';
  const folder = assetFolder(tag);
  if (folder === undefined || !existsSync(path.join(folder, 'index.js')))
    throw new LocalError(`${service.logicalId} (AWS::ECS::Service): its image is no asset of the assembly`);
  const variables = (container.Environment ?? []) as unknown[];
  const environment = variables.map((one): [string, string] => {
    const { Name, Value } = record(one);
    return [String(Name), String(Value)];
  });
  return { name: FRONT, folder, environment: Object.fromEntries(environment) };
}

interface ServiceOptions {
  readonly region: string;
  readonly services: Services;
  readonly certificate: Certificate;
  /** File with the certificate's key. */
  readonly keyFile: string;
  readonly port: number; // 0 for any free port
  /** The address to listen on. */
  readonly host: string;
  readonly logs: string;
  readonly notify: Notify;
  /** Receives each line that the process writes. */
  readonly onLine: OnLine;
}

/** Runs the process of a service, restarts it if it ends, and terminates TLS in place of the load balancer. */
export async function startService(config: ServiceConfig, options: ServiceOptions): Promise<Gateway> {
  const { region, services, certificate, keyFile, logs, notify, onLine } = options;
  const port = await freePort(options.port, options.host);
  const log = createWriteStream(path.join(logs, `${config.name}.log`), { flags: 'a', mode: 0o600 });
  log.on('error', () => undefined); // a full disk must not stop the runner
  const env = {
    ...config.environment,
    ...awsEnvironment(region, services),
    ...{ PORT: String(port), HOST: options.host, TLS_KEY_FILE: keyFile, TLS_CERTIFICATE_FILE: certificate.file },
  };
  let isClosing = false;
  let child: ChildProcess;
  const start = (): void => {
    child = spawn(process.execPath, ['--single-threaded-gc', 'index.js'], {
      cwd: config.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const output of [child.stdout, child.stderr]) {
      output?.pipe(log, { end: false });
      if (output) eachLine(output, onLine);
    }
    child.once('exit', (code, signal) => {
      if (isClosing) return;
      const message = `it ended with ${signal ?? `code ${code}`}`;
      notify({ kind: 'function-error', function: config.name, errorType: 'ServiceEnded', message });
      setTimeout(() => !isClosing && start(), RESTART_AFTER_MS).unref();
    });
  };
  start();
  const close = async (graceMs: number): Promise<void> => {
    isClosing = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const isEnded = await Promise.race([ended.then(() => true), pause(graceMs, false)]);
    if (!isEnded) child.kill('SIGKILL');
    await ended;
    log.end();
  };
  if (await isHealthy(port, options.host, certificate.cert)) return { port, close };
  await close(0);
  throw new LocalError(`the service does not start: see ${path.join(logs, `${config.name}.log`)}`);
}

/** Waits until the process answers its health check. */
async function isHealthy(port: number, host: string, ca: string): Promise<boolean> {
  for (const endAtMs = Date.now() + READY_WITHIN_MS; Date.now() < endAtMs; await pause(50)) {
    const isOk = await new Promise<boolean>((resolve) => {
      const request = https.get({
        host: reachable(host),
        port,
        path: '/health',
        ca,
        servername: 'localhost',
        agent: false,
      });
      request.on('response', (response) => resolve(response.resume().statusCode === 200));
      request.on('error', () => resolve(false));
    });
    if (isOk) return true;
  }
  return false;
}

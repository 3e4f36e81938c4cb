import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { sourceDigest } from './source-digest.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** All that the template and the bundles are made of: sources, policy, context, and the packages that are installed. */
const INPUTS = [
  ...['bin', 'lambdas', 'lib', 'policy', 'scripts', 'cdk.json', 'cdk.context.json', 'package.json', 'tsconfig.json'],
  ...['package-lock.json', 'node_modules/.package-lock.json'],
];

/** A synthesized app, and whether it was there already. */
export interface Synthesized {
  readonly folder: string;
  /** Digest of what it is made of. */
  readonly digest: string;
  readonly isReused: boolean;
}

/** Context of the app, as `cdk -c` gives it. */
export type Context = Readonly<Record<string, string>>;

/** The context of the app with the long-poll front. Its host name and certificate are those of this machine. */
export const SERVICE_CONTEXT: Context = {
  front: 'service',
  domainName: 'mayfly.localhost.example',
  certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/local',
};

interface Options {
  readonly root?: string;
  readonly signal?: AbortSignal;
  readonly make?: typeof synthesize;
  readonly context?: Context;
}

/** The digest of what the app is made of now. CDK and the app read these variables. */
const digestNow = (root: string, context: Context): string =>
  sourceDigest(root, INPUTS, [
    process.version,
    JSON.stringify(context),
    ...Object.entries(env)
      .filter(([name]) => name.startsWith('CDK_'))
      .flatMap(([name, value = '']) => [name, value])
      .sort(),
  ]);

/**
 * Synthesizes the CDK app into `<data>/cdk.out`, unless the app there was made from the same sources.
 *
 * The digest beside it is written last and removed first, so an interrupted synthesis is not used.
 */
export async function synthesizeIfChanged(
  data: string,
  { root = ROOT, signal, make = synthesize, context = {} }: Options = {},
): Promise<Synthesized> {
  const folder = join(data, 'cdk.out');
  const file = join(data, 'cdk.out.digest');
  const digest = digestNow(root, context);
  const made = await readFile(file, 'utf8').catch(() => undefined);
  if (made === digest && existsSync(join(folder, 'manifest.json'))) return { folder, digest, isReused: true };
  await rm(file, { force: true });
  await make(folder, signal, context);
  // A source that changed meanwhile may or may not be in it: the next start synthesizes again.
  if (digestNow(root, context) === digest) await writeFile(file, digest);
  return { folder, digest, isReused: false };
}

/**
 * Synthesizes the CDK app into `outdir`. Runs in a child process, so that CDK's memory is freed afterwards. Skips CDK's
 * validation of the template and cdk-nag, which take longer than the synthesis: `npm run synth` has them.
 *
 * @throws with the app's output if synthesis fails
 */
export async function synthesize(outdir: string, signal?: AbortSignal, context: Context = {}): Promise<void> {
  const child = spawn(process.execPath, [join('bin', 'app.js')], {
    cwd: ROOT,
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_VALIDATION: 'false',
      CDK_CONTEXT_JSON: JSON.stringify(context),
      NODE_NO_WARNINGS: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = (): boolean => child.kill();
  signal?.addEventListener('abort', stop);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  signal?.removeEventListener('abort', stop);
  if (signal?.aborted) throw new Error('stopped before Mayfly ran');
  if (code !== 0 || !existsSync(join(outdir, 'manifest.json'))) {
    throw new Error(`cdk synth failed with exit code ${code}:\n${output.trimEnd()}`);
  }
}

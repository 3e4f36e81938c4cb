import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Synthesizes the CDK app into `outdir`. Runs in a child process, so that CDK's memory is freed afterwards. Skips CDK's
 * validation of the template, which takes longer than the synthesis: `npm run synth` does it.
 *
 * @throws with the app's output if synthesis fails
 */
export async function synthesize(outdir: string, signal?: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', join('bin', 'mayfly.ts')], {
    cwd: ROOT,
    env: { ...process.env, CDK_OUTDIR: outdir, CDK_VALIDATION: 'false', NODE_NO_WARNINGS: '1' },
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

import { readFile } from 'node:fs/promises';
import { sidecarContainer } from '../../stack/hosts/containers.ts';
import { CommandError } from '../errors/command-error.ts';
import { say } from '../terminal/print.ts';
import type { ContainerFlags } from './ecs-daemon.ts';
import { enrollingIn } from './enrolling.ts';
import { withSidecar } from './with-sidecar.ts';

/** Prints the sidecar for tasks on Fargate, or a task definition with it. */
export async function fargateSidecar(
  file: string | undefined,
  { image, logGroup, ...flags }: ContainerFlags,
): Promise<void> {
  const names = await enrollingIn(flags);
  const sidecar = sidecarContainer({ ...names, image, logGroup, attest: false });
  if (file === undefined) return say(JSON.stringify({ pidMode: 'task', containerDefinitions: [sidecar] }, null, 2));
  say(JSON.stringify(added(file, await readFile(file, 'utf8'), sidecar), null, 2));
}

function added(file: string, text: string, sidecar: { readonly name: string }) {
  try {
    return withSidecar(text, sidecar);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError('REFUSED', `${file}: ${why}`, { cause });
  }
}

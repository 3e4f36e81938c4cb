// @ts-check
import { env } from 'node:process';
import * as esbuild from 'esbuild';

// No garbage collection below the limit, as in esbuild's own command: it takes a quarter of the CPU of a build.
env.GOGC ??= 'off';
env.GOMEMLIMIT ??= '1GiB';

let running = 0;

/**
 * esbuild's `build`. Ends esbuild's process, and so frees its memory, when no build runs any more.
 *
 * @template {esbuild.BuildOptions} T
 * @param {esbuild.SameShape<esbuild.BuildOptions, T>} options
 * @returns {Promise<esbuild.BuildResult<T>>}
 */
export async function build(options) {
  running += 1;
  try {
    return await esbuild.build(options);
  } finally {
    running -= 1;
    if (running === 0) await esbuild.stop();
  }
}

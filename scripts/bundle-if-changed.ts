import { ifChanged } from './if-changed.ts';

/** Bundles the functions and the long-poll front, unless the bundles there are of the same sources. A build takes 6 s of CPU. */
export const bundleIfChanged = (): Promise<void> =>
  ifChanged({
    name: 'bundles',
    inputs: [
      ...['lambdas', 'lib', 'policy/built-in.json', 'scripts/bundle.ts', 'scripts/bundle-service.ts'],
      ...['scripts/esbuild.js', 'scripts/trim-schemas.ts', 'package.json', 'tsconfig.json'],
      'node_modules/.package-lock.json',
    ],
    outputs: ['dist/lambdas', 'dist/service'],
    make: async () => {
      // Loaded when they are needed, because esbuild takes as long as to see that nothing changed.
      const [functions, service] = await Promise.all([import('./bundle.ts'), import('./bundle-service.ts')]);
      await Promise.all([functions.bundleFunctions(), service.bundleService()]);
    },
  });

import { bundleFunctions } from './bundle.ts';
import { bundleService } from './bundle-service.ts';
import { ifChanged } from './if-changed.ts';

/** Bundles the functions and the long-poll front, unless the bundles there are of the same sources. A build takes 6 s of CPU. */
export const bundleIfChanged = (): Promise<void> =>
  ifChanged({
    name: 'bundles',
    inputs: [
      ...['lambdas', 'lib', 'policy/built-in.json', 'scripts/bundle.ts', 'scripts/bundle-service.ts'],
      ...['package.json', 'tsconfig.json', 'node_modules/.package-lock.json'],
    ],
    outputs: ['dist/lambdas', 'dist/service'],
    make: () => Promise.all([bundleFunctions(), bundleService()]),
  });

// @ts-check
const OWN_ADDRESS = 'addressOfThisFile';

/**
 * Options of esbuild for code that uses the CDK: CommonJS, as `cdk init` makes apps. It loads a module of CDK's when the module is used.
 * An ES module loads three times as many, because it reads every export of what it imports.
 *
 * @type {import('esbuild').BuildOptions}
 */
export const COMMON_JS = {
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  define: { 'import.meta.url': OWN_ADDRESS },
  banner: { js: `const ${OWN_ADDRESS} = require('node:url').pathToFileURL(__filename).href;` },
  logLevel: 'warning',
};

#!/usr/bin/env node
// Checks the version before anything is loaded that an old Node cannot read; so no import and no await stands at the top.
const NEEDED = [20, 19]; // package.json says the same to npm
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `Mayfly needs Node ${NEEDED.join('.')} or later, and this is Node ${process.versions.node}.\n` +
      'Install a current one from https://nodejs.org (or: nvm install --lts), then run npm ci and this command again.',
  );
  process.exitCode = 1;
} else {
  // The SDK's advice on Node 20 concerns SDK releases to come; package-lock.json holds ours.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED =
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED || 'true';
  // TypeScript runs as it is: tsx translates what is imported after it is registered, on every Node that Mayfly supports.
  import('tsx/esm/api').then(({ register }) => {
    register();
    return import('./mayfly-cli.ts');
  });
}

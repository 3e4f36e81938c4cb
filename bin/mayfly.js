#!/usr/bin/env node
// Checks Node's version before it loads code that an old Node cannot parse. So this file has no top-level import or await.
const NEEDED = [20, 19]; // package.json says the same to npm
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `Mayfly needs Node ${NEEDED.join('.')} or later, and this is Node ${process.versions.node}.\n` +
      'Install a current one from https://nodejs.org (or: nvm install --lts), then run npm ci and this command again.',
  );
  process.exitCode = 1;
} else {
  // The SDK warns that future releases drop Node 20. package-lock.json pins the release that we use.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED =
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED || 'true';
  import('./start.js');
}

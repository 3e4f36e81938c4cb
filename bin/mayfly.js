#!/usr/bin/env node
// TypeScript runs as it is: tsx translates what is imported from here on, on every Node that Mayfly supports.
import { register } from 'tsx/esm/api';

// The SDK's advice on Node 20 concerns SDK releases to come; package-lock.json holds ours.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
register();
await import('./mayfly-cli.ts');

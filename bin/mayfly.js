#!/usr/bin/env node
// TypeScript runs as it is: tsx translates what is imported from here on, on every Node that Mayfly supports.
import { register } from 'tsx/esm/api';

register();
await import('./mayfly-cli.ts');

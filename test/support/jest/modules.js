import { register as registerHooks } from 'node:module';
import { register as registerTypeScript } from 'tsx/esm/api';

/** Lets Node import TypeScript, and `@jest/globals` from the runner's globals. Each worker runs this once. */
registerTypeScript();
registerHooks('./hooks.js', import.meta.url);

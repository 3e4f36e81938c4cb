import { register } from 'node:module';

/** Lets Node import TypeScript, and `@jest/globals` from the runner's globals. Each worker runs this once. */
process.setSourceMapsEnabled(true);
register('./hooks.js', import.meta.url);

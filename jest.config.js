import { availableParallelism } from 'node:os';

/**
 * Test files run in bare Node, two processes that keep the modules they have loaded: Jest's own runner loads the product, the
 * SDK and the CDK again for each file, which took twice the time (docs/decisions/0038).
 */
export default {
  runner: '<rootDir>/test/support/jest/runner.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {},
  setupFiles: ['<rootDir>/test/support/jest/modules.js'],
  setupFilesAfterEnv: ['<rootDir>/test/support/jest/completed.js'],
  watchPathIgnorePatterns: ['<rootDir>/(dist|cdk\\.out|coverage|\\.mayfly)/'], // written by tests: a change there starts no new run
  maxWorkers: Math.ceil(1.5 * availableParallelism()), // tests of servers and processes wait a lot; more than 100 % has no meaning in jest
  reporters: ['default', '<rootDir>/test/support/jest/closing-line.js'],
  globalSetup: '<rootDir>/test/support/jest/global-setup.js',
  globalTeardown: '<rootDir>/test/support/jest/global-teardown.js',
};

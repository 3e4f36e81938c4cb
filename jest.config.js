/** Run through `npm test`: ESM in jest wants node --experimental-vm-modules. */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023', experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  watchPathIgnorePatterns: ['<rootDir>/(dist|cdk\\.out|coverage|\\.mayfly)/'], // written by tests: a change there starts no new run
  maxWorkers: '100%', // jest leaves one core idle otherwise: half of them on a small machine
  workerIdleMemoryLimit: '400MB', // Node keeps what a test file of ES modules has loaded: in a worker of 2 GB everything is slow
  workerGracefulExitTimeout: 10_000, // a bound as well: half a second is too short for a large heap on a busy machine
  testTimeout: 300_000, // a bound against hanging, not a measurement: machines differ
  reporters: ['default', '<rootDir>/test/support/closing-line.js'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

import { writeSync } from 'node:fs';
import { ModernFakeTimers } from '@jest/fake-timers';

/**
 * Adds what jest-light-runner lacks and our tests use: all of Jest's fake timers, and a bound on the time of a test. A test
 * that hangs is named and ends its worker, and the run with it.
 */
const LONGEST_TEST_MS = 300_000; // against hanging, not a measurement: machines differ
const now = performance.now.bind(performance); // before a test fakes it

const timers = new ModernFakeTimers({ config: { fakeTimers: {} }, global: globalThis });
Object.assign(globalThis.jest, {
  useFakeTimers(config) {
    timers.useFakeTimers(config);
    return globalThis.jest;
  },
  useRealTimers() {
    timers.useRealTimers();
    return globalThis.jest;
  },
  advanceTimersByTime: (ms) => timers.advanceTimersByTime(ms),
  advanceTimersByTimeAsync: (ms) => timers.advanceTimersByTimeAsync(ms),
  getTimerCount: () => timers.getTimerCount(),
});

let last = '';
let since = now();
setInterval(() => {
  const { testPath, currentTestName } = expect.getState();
  const current = `${testPath} › ${currentTestName}`;
  if (current !== last) since = now();
  last = current;
  if (now() - since < LONGEST_TEST_MS) return;
  writeSync(process.stderr.fd, `\n${current}: no end after ${LONGEST_TEST_MS / 1000} s\n`);
  process.exit(1);
}, 1000).unref();

import { createRunner } from 'jest-light-runner';

const LightRunner = createRunner({ runtime: 'child_process' });

/**
 * jest-light-runner with slow files first and a channel for each task. Its own channel belongs to all workers: the first worker that asked for its
 * settings took the answers of all, so another one that started at the same time could wait for ever, and the run with it.
 */
export default class Runner extends LightRunner {
  runTests(tests, ...rest) {
    return super.runTests(tests.some(({ duration }) => duration) ? tests : slowFirst(tests), ...rest);
  }

  _runTest(test) {
    const { config } = test.context;
    const isFirst = !this._testRunners.has(config);
    const running = super._runTest(test); // creates the pool; with one task there is one worker to answer
    if (isFirst && this._runtime === 'child_process') {
      const settings = { globalConfig: this._globalConfig, projectConfig: config, runtime: this._runtime };
      const created = this._testRunners.get(config);
      created.run = ({ path }) => created.pool.run(path, { channel: channelFor(settings) });
    }
    return running;
  }
}

/** Without times of an earlier run, Jest begins with the largest files. A file of processes and servers that comes last leaves cores idle. */
function slowFirst(tests) {
  const isSlow = ({ path }) =>
    /\/test\/(package|e2e|conformance|scripts|docs\/performance|workbench\/(local-aws|seeded-world|simulated-day))\b/.test(
      path,
    );
  return [...tests.filter(isSlow), ...tests.filter((test) => !isSlow(test))];
}

/** What a worker's process gets as an answer when it asks for its settings. */
function channelFor(workerData) {
  let answer = () => undefined;
  return {
    onMessage(listener) {
      answer = listener;
    },
    postMessage(message) {
      if (message === 'jest-light-runner-get-worker-data')
        answer({ type: 'jest-light-runner-worker-data', workerData });
    },
  };
}

import { createRunner } from 'jest-light-runner';

const LightRunner = createRunner({ runtime: 'child_process' });

/**
 * What each worker runs first, slow folders before others. A worker keeps the modules it has loaded, and V8 what it has compiled:
 * the CDK, the simulation and the functions then load in one worker each, not in all.
 */
const PREFERRED = [
  ['package', 'lib/stack', 'lib/cli', 'lib/policy-compiler', 'scripts', 'bin', 'docs'],
  ['workbench/simulated-day', 'workbench/seeded-world', 'workbench/world', 'lib/core', 'contract'],
  ['conformance', 'e2e', 'workbench/local-aws', 'lambdas', 'lib/aws', 'lib/service'],
];

/**
 * jest-light-runner with a queue of tests for each worker, and a channel for each task. Its own channel belongs to all workers: the first
 * worker that asked for its settings took the answers of all, so another one that started at the same time could wait for ever.
 */
export default class Runner extends LightRunner {
  async runTests(tests, watcher, ...listeners) {
    if (this._runtime !== 'child_process') return super.runTests(tests, watcher, ...listeners);
    const queues = queuesOf(tests, this._globalConfig.maxWorkers);
    await Promise.all(queues.map((_, lane) => runLane(this._worker(), turnsOf(queues, lane), watcher, listeners)));
  }

  /** A runner with one worker. */
  _worker() {
    const worker = new Runner(this._globalConfig);
    worker._globalConfig = { ...this._globalConfig, maxWorkers: 1 };
    return worker;
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

  /** Ends the workers. */
  _end() {
    return super.runTests([]);
  }
}

/** Runs one test file after the other in one worker. */
async function runLane(worker, turns, watcher, [onStart, onResult, onFailure]) {
  for (const test of turns) {
    if (watcher.isInterrupted()) break;
    await onStart(test);
    try {
      await onResult(test, await worker._runTest(test));
    } catch (error) {
      await onFailure(test, error);
    }
  }
  await worker._end();
}

/** A queue of tests for each worker. Without times of an earlier run, in the order of its folders: a slow file that comes last leaves cores idle. */
function queuesOf(tests, count) {
  const queues = Array.from({ length: count }, () => []);
  const folders = PREFERRED.flat();
  const rankOf = ({ path }) => {
    const rank = folders.findIndex((folder) => path.includes(`/test/${folder}/`));
    return rank < 0 ? folders.length : rank;
  };
  const isFirstRun = !tests.some(({ duration }) => duration);
  for (const test of isFirstRun ? tests.toSorted((a, b) => rankOf(a) - rankOf(b)) : tests) {
    const lane = PREFERRED.findIndex((preferred) => preferred.includes(folders[rankOf(test)]));
    queues[Math.max(lane, 0) % count].push(test);
  }
  return queues;
}

/** The next test of a worker, each time it is asked: of its own queue, or else of the longest. */
function* turnsOf(queues, lane) {
  for (;;) {
    const own = queues[lane];
    const queue = own.length > 0 ? own : queues.reduce((longest, one) => (one.length > longest.length ? one : longest));
    if (queue.length === 0) return;
    yield queue.shift();
  }
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

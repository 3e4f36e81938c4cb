/**
 * Runs a benchmark by its name, or lists all of them.
 *
 *   npm run bench -- held 2000
 *   npm run bench -- --help
 */
import { spawn } from 'node:child_process';
import { argv, execPath, exit, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';

interface Bench {
  readonly file: string;
  readonly measures: string;
  readonly baseline: string;
  readonly options?: string;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  poll: {
    file: 'lean-poll.ts',
    measures: 'CPU of an idle poll and of a start in the tls-api function',
    baseline: 'the same function with the SDK, and a bare node:http request',
  },
  edge: {
    file: 'idle-poll.ts',
    measures: 'an idle poll of either front with a new TLS connection: CPU and latency',
    baseline: 'kept connections; for the service, a bare Node TLS server',
  },
  held: {
    file: 'held-reads.ts',
    measures: 'CPU and memory of a held host; queue to hand-over; one query to all hosts; hostile clients; SIGTERM',
    baseline: 'a bare Node server that holds the same reads',
    options: '[hosts = 1000] [queries = 100] [hostile connections = 10000]',
  },
  answered: {
    file: 'answered.ts',
    measures: 'queued to answered with simulated agents, through the long-poll front',
    baseline: 'the same agents and queries with reads that are answered at once, polling every second',
    options: '[hosts = 20] [queries = 200]',
  },
  enroll: {
    file: 'enroll-burst.ts',
    measures: 'time until all hosts of a burst behind one address have a node key',
    baseline: 'none: the limit is the baseline',
    options: '[hosts = 2000] [seconds = 10] [limit in seconds = 120]; the goal is 5000 60 60',
  },
  answers: {
    file: 'answers.ts',
    measures: 'a write of 1,000 answers: CPU, calls and write units',
    baseline: 'one write for each answer',
  },
  query: {
    file: 'query.ts',
    measures: 'how long a person waits for the first and the last row of mayfly query',
    baseline: 'the other front, in another run',
    options: '[hosts] [serverless|service]',
  },
  lookback: {
    file: 'look-back.ts',
    measures: 'questions about many workloads (tasks, coverage, missed, mtta): CPU of the command',
    baseline: 'a command that reads nothing, and the CPU of the local Mayfly with its table',
    options: '[workloads = 10000] [questions = 3]',
  },
  console: {
    file: 'console.ts',
    measures: 'the web console in Chromium with many lives: first row, complete coverage, CPU, cost of an open page',
    baseline: 'the same console with the latest 100 lives',
    options: '[lives = 10000] [times = 3]',
  },
  strangers: {
    file: 'strangers.ts',
    measures: 'CPU and memory of requests without a valid key',
    baseline: 'the budget of 5 ms and 8 MB',
  },
};

function help(): string {
  const lines = Object.entries(BENCHES).map(
    ([name, { measures, baseline, options = '' }]) =>
      `  ${name.padEnd(10)} ${measures}\n${' '.repeat(13)}beside: ${baseline}${options && `\n${' '.repeat(13)}${options}`}`,
  );
  return `npm run bench -- NAME [arguments]\n\n${lines.join('\n')}\n\nQuote ratios of one run, from an idle machine. docs/performance.md has the measured figures.\n`;
}

const [, , name = '--help', ...given] = argv;
const bench = BENCHES[name];
if (bench) {
  const file = fileURLToPath(new URL(bench.file, import.meta.url));
  spawn(execPath, ['--import', 'tsx', file, ...given], { stdio: 'inherit' }).once('exit', (code) => exit(code ?? 1));
} else if (name === '--help' || name === '-h') stdout.write(help());
else {
  stderr.write(`There is no benchmark ${JSON.stringify(name)}.\n\n${help()}`);
  exit(2);
}

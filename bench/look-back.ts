/**
 * Measures questions about many workloads on this machine: the CPU of the command, and beside it the CPU of the local Mayfly and
 * its embedded DynamoDB, which serve the reads. The workloads are those of a simulated hour, again and again under other ids.
 * Reads /proc, so it needs Linux.
 *
 *   node --import tsx bench/look-back.ts [workloads] [questions]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { argv } from 'node:process';
import { cpuMsOf, filledMayfly } from './support/filled-mayfly.ts';

const WORKLOADS = Number(argv[2] ?? 10_000);
const QUESTIONS = Number(argv[3] ?? 3);
const ASKED: readonly (readonly string[])[] = [
  ['--version'],
  ['tasks', '--verdict', 'missed', '--limit', '100000', '--json'],
  ['tasks', '--limit', '20', '--json'],
  ['coverage', '--json'],
  ['missed', '--json'],
  ['mtta', '--json'],
];
/** Prints the CPU time of the process that loads it, user and system, in ms. */
const METER =
  "data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>{const{user,system}=process.cpuUsage();writeSync(3,(user/1000)+' '+(system/1000))})";

interface Asked {
  readonly userMs: number;
  readonly systemMs: number;
  readonly wallMs: number;
  readonly bytes: number;
}

async function ask(args: readonly string[], data: string): Promise<Asked> {
  const startedAtMs = performance.now();
  const where = args[0] === '--version' ? [] : ['--data', data];
  const child = spawn(process.execPath, ['--import', METER, 'bin/mayfly.js', ...args, ...where], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  let [bytes, measured] = [0, ''];
  child.stdout?.on('data', (part: Buffer) => (bytes += part.length));
  child.stdio[3]?.on('data', (part: Buffer) => (measured += part));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`mayfly ${args.join(' ')} ended with ${code}`);
  const [userMs = 0, systemMs = 0] = measured.split(' ').map(Number);
  return { userMs, systemMs, wallMs: performance.now() - startedAtMs, bytes };
}

const { data, pid, close } = await filledMayfly(WORKLOADS);
try {
  for (const args of ASKED) {
    const all: (Asked & { readonly servedMs: number })[] = [];
    for (let n = 0; n < QUESTIONS; n++) {
      const before = await cpuMsOf(pid);
      const asked = await ask(args, data);
      all.push({ ...asked, servedMs: (await cpuMsOf(pid)) - before });
    }
    // The local Mayfly keeps what the first question read.
    const least = (of: (one: (typeof all)[number]) => number): string => (Math.min(...all.map(of)) / 1000).toFixed(2);
    console.log(
      `${args.join(' ').padEnd(50)} command ${least(({ userMs }) => userMs)} s user + ${least(({ systemMs }) => systemMs)} s system; ` +
        `Mayfly and table ${((all[0]?.servedMs ?? 0) / 1000).toFixed(2)} s at first, then ${least(({ servedMs }) => servedMs)} s; wall ${least(({ wallMs }) => wallMs)} s; ${all[0]?.bytes} bytes`,
    );
  }
} finally {
  await close();
}

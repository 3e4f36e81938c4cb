/**
 * Draws the pictures of the console for README and docs: `npm run screenshots`. They show simulated hours in a real browser.
 * With `--serve` it prints a link to that console instead.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { answersOf } from '../lib/cli/console/answers.ts';
import { type ConsoleServer, serveConsole } from '../lib/cli/console/server.ts';
import builtIn from '../policy/built-in.json' with { type: 'json' };
import { type Browser, openBrowser } from './browser.ts';
import { buildConsole } from './build-console.js';
import { simulateHours } from './pictured-hours.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IMAGES = join(ROOT, 'docs', 'images');
const HOUR = 3_600_000;
const START_MS = Date.parse('2026-11-20T12:02:00Z');
/** A picture in README or docs is no larger. */
const MOST_BYTES = 150 * 1024;

interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly dark?: boolean;
  readonly width?: number;
}

const PICTURES: readonly Picture[] = [
  { name: 'console-now', hash: '#/now' },
  { name: 'console-now-dark', hash: '#/now', dark: true },
  { name: 'console-coverage', hash: '#/coverage' },
  { name: 'console-mtta', hash: '#/mtta' },
  { name: 'console-life', hash: '#/life/' },
  { name: 'console-hosts', hash: '#/hosts' },
  { name: 'console-ask', hash: '#/ask' },
  { name: 'console-policy', hash: '#/policy' },
];

async function serveHours(page: string): Promise<{ server: ConsoleServer; workload: string }> {
  const { deployment, rows, put, ...hours } = await simulateHours({
    startMs: START_MS,
    lengthMs: HOUR,
    hosts: 12,
    startsPerMinute: 9,
  });
  const servedAtMs = Date.now();
  const now = () => hours.now() + Date.now() - servedAtMs; // simulated time goes on
  const policy = async () => builtIn.policy;
  const asker = async () => 'ana@laptop';
  const source = { deployment, rows, now, put, asker, areRowsDear: false, version: '0.1.0', everyMs: 1000 };
  const answer = answersOf({ ...source, sinceMs: START_MS, builtIn: policy });
  const lives = [];
  for await (const record of deployment.ledgerIndex.between(0, now())) lives.push(record);
  const seen = lives.filter(({ stopped, seenLive }) => stopped && seenLive.length > 0);
  return { server: await serveConsole({ page, answer, port: 0 }), workload: seen.at(-20)?.workload ?? '' };
}

async function draw(browser: Browser, server: ConsoleServer, workload: string): Promise<void> {
  for (const { name, hash, dark = false, width = 1280 } of PICTURES) {
    const page = await browser.page({ dark, width, height: 660 });
    await page.goto(server.link());
    await page.waitForURL(/\/$/);
    await page.waitForSelector('.head .is-on');
    await page.goto(`${page.url()}${hash}${hash === '#/life/' ? encodeURIComponent(workload) : ''}`);
    await page.waitForSelector('main > *');
    await page.waitForTimeout(1500); // charts and the editor draw themselves
    if (hash === '#/ask') {
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.locator('.data tbody tr').first().waitFor();
      await page.waitForTimeout(1000);
    }
    const path = join(IMAGES, `${name}.png`);
    await page.screenshot({ path });
    const { size } = await stat(path);
    console.log(`${name}  ${Math.round(size / 1024)} KB`);
    if (size > MOST_BYTES) process.exitCode = 1;
    await page.context().close();
  }
}

const page = await mkdtemp(join(tmpdir(), 'mayfly-console-'));
try {
  await buildConsole({ root: ROOT, outdir: page });
  const { server, workload } = await serveHours(page);
  if (argv.includes('--serve')) {
    console.log(`${server.link()}\n${workload}`);
    await new Promise((done) => process.once('SIGINT', done));
  } else {
    const browser = await openBrowser();
    await draw(browser, server, workload);
    await browser.close();
  }
  await server.close();
} finally {
  await rm(page, { recursive: true });
}

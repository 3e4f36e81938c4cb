/**
 * Measures the web console in a real Chromium, on a local Mayfly with many lives: how long a person waits for the first row and for
 * the complete coverage, the CPU that it takes, and what an open page costs afterwards. Beside it, the same for a console that shows
 * only the latest lives of the same Mayfly. Reads /proc, so it needs Linux.
 *
 *   node --import tsx bench/console.ts [lives] [times]
 */
import { once } from 'node:events';
import { argv } from 'node:process';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { type Browser, openBrowser } from '../scripts/browser.ts';
import { cpuMsOf, type FilledMayfly, filledMayfly, mayfly } from './support/filled-mayfly.ts';

const LIVES = Number(argv[2] ?? 10_000);
const TIMES = Number(argv[3] ?? 3);
/** Lives of the baseline. */
const FEW = 100;
const WATCHED_MS = 10_000;
const LONGEST_MS = 120_000;

/** Seconds. */
interface Measured {
  readonly link: number;
  readonly firstRow: number;
  readonly complete: number;
  readonly console: number;
  readonly table: number;
  readonly page: number;
  readonly reload: number;
  readonly openConsole: number;
  readonly openPage: number;
}

/** @returns a function that tells the time which a page has used on its main thread, s */
async function meterOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
}

const firstRow = (page: Page) => page.locator('.row').first().waitFor({ timeout: LONGEST_MS });

/** Opens the coverage, and waits until it is about so many lives. */
async function complete(page: Page, lives: number): Promise<void> {
  await page.evaluate('location.hash = "#/coverage"');
  const text = `${lives.toLocaleString('en-US')} lives`;
  await page.locator('.panel').getByText(text, { exact: true }).waitFor({ timeout: LONGEST_MS });
}

async function measured(browser: Browser, { data, pid, sinceMs }: FilledMayfly, lives: number): Promise<Measured> {
  const startedAtMs = performance.now();
  const secondsSince = (fromMs: number) => (performance.now() - fromMs) / 1000;
  const child = mayfly('console', '--data', data, '--since', new Date(sinceMs(lives)).toISOString());
  try {
    if (!child.stdout) throw new Error('the console prints nothing');
    let address = '';
    for await (const line of createInterface({ input: child.stdout })) {
      address = /http:\S+/.exec(line)?.[0] ?? '';
      if (address) break;
    }
    const link = secondsSince(startedAtMs);
    const [consoleBefore, tableBefore] = [await cpuMsOf(child.pid ?? 0), await cpuMsOf(pid)];
    const page = await browser.page();
    const taskSeconds = await meterOf(page);
    const openedAtMs = performance.now();
    await page.goto(address);
    await firstRow(page);
    const first = secondsSince(openedAtMs);
    await complete(page, lives);
    const all = secondsSince(openedAtMs);
    const used = {
      console: ((await cpuMsOf(child.pid ?? 0)) - consoleBefore) / 1000,
      table: ((await cpuMsOf(pid)) - tableBefore) / 1000,
      page: await taskSeconds(),
    };
    const again = performance.now();
    await page.goto(`${new URL(address).origin}/#/now`);
    await page.reload();
    await firstRow(page);
    const reload = secondsSince(again);
    await page.waitForTimeout(WATCHED_MS / 2);
    const [consoleOpen, pageOpen] = [await cpuMsOf(child.pid ?? 0), await taskSeconds()];
    await page.waitForTimeout(WATCHED_MS);
    const openConsole = ((await cpuMsOf(child.pid ?? 0)) - consoleOpen) / WATCHED_MS;
    const openPage = ((await taskSeconds()) - pageOpen) / (WATCHED_MS / 1000);
    await page.context().close();
    return { link, firstRow: first, complete: all, ...used, reload, openConsole, openPage };
  } finally {
    child.kill('SIGINT');
    await once(child, 'exit');
  }
}

const NAMES: readonly (readonly [keyof Measured, text: string])[] = [
  ['link', 'command to link'],
  ['firstRow', 'page opened to first row'],
  ['complete', 'page opened to complete coverage'],
  ['console', 'CPU of the console until then'],
  ['table', 'CPU of Mayfly and table until then'],
  ['page', 'main thread of the page until then'],
  ['reload', 'page opened again to first row'],
  ['openConsole', 'console while the page is open, of a core'],
  ['openPage', 'page while it is open, of its main thread'],
];

const filled = await filledMayfly(LIVES);
const browser = await openBrowser();
try {
  const [few, many]: [Measured[], Measured[]] = [[], []];
  for (let n = 0; n < TIMES; n++) {
    few.push(await measured(browser, filled, FEW));
    many.push(await measured(browser, filled, LIVES));
  }
  const least = (all: readonly Measured[], name: keyof Measured): string =>
    Math.min(...all.map((one) => one[name]))
      .toFixed(2)
      .padStart(8);
  console.log(`${''.padEnd(45)}${`${FEW} lives`.padStart(8)} ${String(LIVES).padStart(8)}`);
  for (const [name, text] of NAMES) console.log(`${text.padEnd(45)} ${least(few, name)} ${least(many, name)}`);
} finally {
  await browser.close();
  await filled.close();
}

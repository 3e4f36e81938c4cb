import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { answersOf } from '../../../../lib/cli/console/answers.ts';
import { type ConsoleServer, serveConsole } from '../../../../lib/cli/console/server.ts';
import { rowOf } from '../../../../lib/cli/rows/stored-row.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { type Browser, openBrowser } from '../../../../scripts/browser.ts';
import { buildConsole } from '../../../../scripts/build-console.js';
import { type Hours, simulateHours } from '../../../../scripts/pictured-hours.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { taskArn } from '../../../support/builders.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
/** It tries to be markup, to turn the text after it, and to ring a bell. */
const HOSTILE = '<img src=x onerror="document.title=1">\u202egnp.exe\u0007';
const ESCAPED = '<img src=x onerror="document.title=1">\\u{202e}gnp.exe\\u{0007}';

let folder: string;
let hours: Hours;
let server: ConsoleServer;
let browser: Browser;
let page: Page;
/** What a page must never do. */
const wrong: string[] = [];

/** Playwright's storages. While one is in use, each promise of this process costs three times as much. */
const storages = jest.spyOn(AsyncLocalStorage.prototype, 'run');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-page-'));
  await buildConsole({ root: ROOT, outdir: folder });
  hours = await simulateHours({ startMs: T0, lengthMs: 8 * MINUTE, hosts: 4, startsPerMinute: 6 });
  const { deployment, now, put, rows, ledger } = hours;
  const nowMs = now();
  await ledger.advance(
    aSnapshot(0, { identity: { task_family: HOSTILE, cluster: HOSTILE }, occurredAtMs: nowMs, receivedAtMs: nowMs }),
  );
  const hostileRow = rowOf({
    ...{ id: 'r', kind: 'result', time: '', storedAtMs: nowMs, host: 'h', rule: HOSTILE, query: 'q', set: 'live' },
    columns: { [HOSTILE]: HOSTILE },
  });
  if (!hostileRow) throw new Error('the row is none');
  const answer = answersOf({
    deployment,
    rows: async (search) =>
      search.filter.workload === taskArn(0) ? { rows: [hostileRow], hasMore: false } : rows(search),
    areRowsDear: false,
    put,
    asker: async () => HOSTILE,
    version: '0.1.0',
    everyMs: 200,
    sinceMs: T0,
    builtIn: async () => builtIn.policy,
    now,
  });
  server = await serveConsole({ page: folder, answer, port: 0 });
  browser = await openBrowser();
  page = await opened();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await rm(folder, { recursive: true });
  for (const storage of storages.mock.contexts) if (storage instanceof AsyncLocalStorage) storage.disable();
  storages.mockRestore();
});

/** A new page in the console, after it has its lives. */
async function opened(options: { readonly width?: number } = {}): Promise<Page> {
  const made = await browser.page(options);
  const link = server.link();
  made.on('pageerror', (error) => wrong.push(error.message));
  made.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  made.on('request', (sent) => new URL(sent.url()).origin === new URL(link).origin || wrong.push(sent.url()));
  await made.goto(link);
  await made.locator('.row').first().waitFor();
  return made;
}

/** Opens a view, and waits for a text in it. */
async function view(hash: string, text: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.locator('main').getByText(text, { exact: false }).first().waitFor();
}

const textOf = async (selector: string): Promise<string> => (await page.locator(selector).allTextContents()).join('\n');

describe('the page of the console', () => {
  it('shows lives with their looks, beside what a schedule would have seen', async () => {
    await view('#/now', 'Mayfly saw');
    await page.getByRole('button', { name: '10 min' }).click();
    await page.locator('.row .mark.is-answered').nth(3).waitFor();
    expect(await page.locator('.row').count()).toBeGreaterThan(5);
    expect(await page.locator('.row .bar').count()).toBeGreaterThan(5);
    const [mayfly = '', schedule = ''] = await page.locator('.versus strong').allTextContents();
    expect(Number.parseFloat(mayfly)).toBeGreaterThan(Number.parseFloat(schedule));
  });

  it('shows hostile names and rows as text, with their hidden characters as escapes', async () => {
    await view('#/now', 'Mayfly saw');
    expect(await textOf('.row .name')).toContain(ESCAPED);
    await view(`#/life/${encodeURIComponent(taskArn(0))}`, 'What happened');
    await page.locator('.rowset').waitFor();
    for (const place of ['h1', '.facts', '.rowset h3', '.data th', '.data td'])
      expect(await textOf(place)).toContain(ESCAPED);
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.title()).toContain('Mayfly');
  });

  it('finds a life by its filter, and opens it by keyboard alone', async () => {
    await view('#/now', 'Mayfly saw');
    await page.keyboard.press('/');
    await page.keyboard.type('onerror');
    await page.locator('.rows').getByRole('option').nth(0).waitFor();
    await page.locator('.rows:not(:has(.row ~ .row)) > .row').waitFor(); // one row is left
    await page.keyboard.press('j'); // text of the filter
    await page.locator('.row').waitFor({ state: 'detached' });
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Tab'); // to a button: keys that move reach the list from everywhere
    await page.keyboard.press('j');
    await page.locator('.row.is-picked').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('What was seen').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.timeline').waitFor();
    await page.keyboard.press('5');
    await page.locator('.editor').waitFor();
    expect(await page.locator('nav [aria-current]').textContent()).toBe('Ask');
  });

  it('shows one life with its timeline, its containers and its rows', async () => {
    const seen = hours.ledger.records.find(({ stopped, seenLive }) => stopped && seenLive.length > 0);
    await view(`#/life/${encodeURIComponent(seen?.workload ?? '')}`, 'What happened');
    expect(await textOf('.moments')).toMatch(/delivered to its host[\s\S]*answered/);
    expect(await textOf('.picture')).toContain('answered +');
    await page.locator('.rowset h3').getByText('ecs-task-running / container').first().waitFor();
  });

  it('shows coverage over time, and misses by reason', async () => {
    await view('#/coverage', 'Coverage over time');
    expect(await page.locator('.chart canvas').count()).toBe(2);
    expect(await textOf('.panel td')).toContain('ephemeral-prod');
    await page.getByText('Misses by reason').waitFor();
  });

  it('shows the time to answer beside its bound', async () => {
    await view('#/mtta', 'guaranteed bound');
    expect(await textOf('.figure')).toContain('guaranteed bound16 s');
    expect(await textOf('.panel td')).toContain('queued → delivered');
  });

  it('shows hosts, what is wrong with them first', async () => {
    await view('#/hosts', 'What is wrong');
    expect(await textOf('.issue')).toContain('no-agent');
    expect(await page.locator('tbody tr').count()).toBe(4);
    expect(await page.locator('tbody tr').first().getAttribute('class')).toBe('is-ill');
  });

  it('completes tables and columns of osquery, and shows what osquery would refuse', async () => {
    await view('#/ask', 'Tables');
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT state FROM groups');
    const keywords = page.locator('.cm-line .sql-keyword');
    await keywords.filter({ hasText: 'FROM' }).waitFor();
    expect(await keywords.allTextContents()).toEqual(['SELECT', 'FROM']);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT * FROM processes WHERE na');
    // While the word is typed, the list still shows what fits its first letter.
    await page.locator('.cm-tooltip-autocomplete li:first-child', { hasText: /^nametext$/ }).waitFor();
    await page.locator('.cm-tooltip-autocomplete li').first().click();
    await page.keyboard.type(" = 'na");
    await page.locator('.cm-tooltip-autocomplete').waitFor({ state: 'detached' });
    expect(await textOf('.cm-line')).toBe("SELECT * FROM processes WHERE name = 'na");
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT pidd FROM proces');
    await page.locator('.cm-tooltip-autocomplete').getByText('processes', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.type('ses');
    await page.locator('.report .is-error').getByText('did you mean pid?').waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT pid FROM processes LIMIT 1');
    await page.locator('.report .is-fine').waitFor();
  });

  it('asks all nodes, and shows their rows with their hosts', async () => {
    await view('#/ask', 'Tables');
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT name, version FROM os_version');
    await page.keyboard.press('Control+Enter');
    await page.locator('.progress').getByText('2 answered').waitFor();
    expect(await textOf('.data th')).toContain('version');
    expect(await page.locator('.data tbody tr').count()).toBe(2);
    await page.locator('.campaigns').getByText('os_version').waitFor();
    expect(await textOf('.campaigns')).toContain(ESCAPED);
    await page.locator('.question select').selectOption('host');
    await page.locator('.question input').fill('no-such-host');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByRole('alert').getByText('no node is enrolled as no-such-host').waitFor();
    wrong.splice(0, wrong.length, ...wrong.filter((text) => !text.includes('a status of 400')));
  });

  it('shows the versions of the policy, and what each one changed', async () => {
    await view('#/policy', 'Versions');
    await page.locator('.diff').getByText('expiresSeconds').waitFor();
    await page.locator('.versions button').nth(1).click();
    await page.locator('.diff').getByText('heatSeconds: 300 → 600').waitFor();
    await page.locator('.panel select').selectOption('0');
    await page.locator('.diff .is-added').first().waitFor();
    await page.locator('summary', { hasText: 'ecs-task-running' }).click();
    await page.getByText('FROM docker_containers').first().waitFor();
  });

  it('is dark for a reader whose system is dark', async () => {
    const groundOf = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await groundOf();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await groundOf()).toBe('rgb(20, 22, 26)');
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await groundOf()).toBe(light);
  });

  it.each([800, 400])('fits %i pixels', async (width) => {
    const other = await opened({ width });
    const over = (selector: string) =>
      other.evaluate(
        `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('${selector}'))`,
      );
    expect(await other.evaluate('document.querySelector(".track").clientWidth')).toBeGreaterThan(120);
    for (const hash of ['#/now', '#/coverage', '#/mtta', '#/hosts', '#/ask', '#/policy']) {
      await other.evaluate(`location.hash = '${hash}'`);
      await other.locator('.panel, .timeline').first().waitFor();
      expect([hash, await over('main'), await over('html')]).toEqual([hash, 0, 0]);
    }
    await other.close();
  });

  it('shows how far the lives are read, while older ones are missing', async () => {
    await view('#/now', 'Mayfly saw');
    await page.route('**/api/lives*', async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, json: { ...(await reply.json()), readBackToMs: T0 } });
    });
    await page.locator('.reading progress').waitFor();
    expect(await textOf('.reading')).toMatch(/reading \d+ lives, back to [-0-9]+ [:0-9]+/);
    await page.unrouteAll({ behavior: 'wait' });
    await page.locator('.reading').waitFor({ state: 'detached' });
  });

  it('keeps the latest lives alone once they are too many, and says so', async () => {
    await page.route('**/api/about', async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, json: { ...(await reply.json()), mostLives: 12 } });
    });
    await page.reload();
    await page.locator('.reading').getByText('the latest 12 lives: older than').waitFor();
    const firstAtMs = hours.now();
    const burst = Array.from({ length: 20 }, (_, n) => ({ workload: `burst/${n}`, family: 'burst', firstAtMs }));
    const lives = burst.map((life) => ({ ...life, startedAtMs: firstAtMs, verdict: 'pending' }));
    await page.route('**/api/lives*', async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, json: { ...(await reply.json()), lives } });
    });
    await page.getByLabel('Filter').fill('burst');
    await page.locator('.row').nth(10).waitFor();
    expect(await page.locator('.row').count()).toBeLessThanOrEqual(12);
    await page.getByLabel('Filter').fill('api');
    await page.locator('.row').first().waitFor({ state: 'detached' });
    await page.unrouteAll({ behavior: 'wait' });
    await page.reload();
    await page.locator('.reading').waitFor({ state: 'detached' });
    await page.getByLabel('Filter').fill('api');
    await page.locator('.row').first().waitFor();
  });

  it('tells when the console no longer answers, and goes on when it does again', async () => {
    await view('#/now', 'Mayfly saw');
    await page.route('**/api/lives*', (route) => route.abort());
    await page.getByRole('alert').getByText('The console does not answer').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    await page.getByRole('alert').waitFor({ state: 'detached' });
    wrong.splice(0, wrong.length, ...wrong.filter((text) => !text.includes('ERR_FAILED')));
  });

  it('shows the loss of its server once, whatever else a view asks for', async () => {
    await view('#/now', 'Mayfly saw');
    const failed = (path: string) => page.waitForEvent('requestfailed', (request) => request.url().includes(path));
    const both = Promise.all([failed('/api/lives'), failed('/api/campaigns')]);
    await page.route(/api\/(lives|campaigns)/, (route) => route.abort());
    await page.evaluate("location.hash = '#/ask'");
    await both;
    await page.getByRole('alert').first().waitFor();
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    expect(await page.getByText('The console does not answer').count()).toBe(1);
    await page.unrouteAll({ behavior: 'wait' });
    await view('#/now', 'Mayfly saw');
    await page.getByRole('alert').waitFor({ state: 'detached' });
    wrong.splice(0, wrong.length, ...wrong.filter((text) => !text.includes('ERR_FAILED')));
  });

  it('obeys its own content policy, and requests nothing from other hosts', () => {
    expect(wrong).toEqual([]);
  });
});

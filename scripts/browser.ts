import chromium from '@sparticuz/chromium';
import { type Browser as Chromium, type Page, chromium as playwright } from 'playwright-core';

interface PageOptions {
  readonly dark?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/** A real Chromium, which npm alone brings; for the test and the pictures of the console. */
export interface Browser {
  /** A new page with cookies of its own. */
  page(options?: PageOptions): Promise<Page>;
  close(): Promise<void>;
}

/** Starts Chromium with its own rules for sites in force. */
export async function openBrowser(): Promise<Browser> {
  const started: Chromium = await playwright.launch({
    executablePath: await chromium.executablePath(),
    // It runs as root in containers, which have no sandbox to offer; the page is our own.
    args: ['--no-sandbox', '--no-zygote', '--disable-gpu', '--font-render-hinting=none'],
  });
  return {
    page: async ({ dark = false, width = 1280, height = 800 } = {}) =>
      started.newPage({
        viewport: { width, height },
        colorScheme: dark ? 'dark' : 'light',
        locale: 'en-GB',
        timezoneId: 'UTC',
      }),
    close: () => started.close(),
  };
}

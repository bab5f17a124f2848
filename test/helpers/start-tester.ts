import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { untilTestEnds } from './start-server.ts';
import { startTesterProcess, type TesterProcess, type TesterProcessOptions } from './tester-process.ts';

/** Starts `mailstore-mcp tester` on a sandbox with the small world; both end with the test. */
export async function startTester({ sandbox, ...options }: TesterProcessOptions = {}): Promise<TesterProcess> {
  return untilTestEnds(await startTesterProcess({ ...options, sandbox: { seed: 'small', runSeconds: 0.2, ...sandbox } }));
}

/**
 * Opens the page in a window of its own. What the browser complains of, a request to anywhere else, and a breach of the page's policy
 * fail the test in its end. With `isLeft` the server of the page may end before the page does.
 */
export async function openPage(
  browser: Browser,
  url: string,
  {
    heading = 'Commands',
    isLeft = false,
    ...options
  }: BrowserContextOptions & { readonly heading?: string; readonly isLeft?: boolean } = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  // As for what is polled: how soon a browser gets to it is no statement about the page.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.origin !== origin && to.protocol !== 'data:') complaints.push(`request: ${request.url()}`);
  });
  await page.addInitScript({
    content: `document.addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective));`,
  });
  untilTestEnds({
    close: async () => {
      await context.close();
      expect(complaints.filter((one) => !isLeft || !one.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
    },
  });
  await page.goto(url);
  await page.getByRole('heading', { name: heading, exact: true }).waitFor();
  return page;
}

/** Resolves when this and nothing else has the focus. */
export async function waitForFocus(locator: Locator): Promise<void> {
  await locator.and(locator.page().locator(':focus')).waitFor({ state: 'attached' });
}

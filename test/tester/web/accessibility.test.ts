import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openPage, startTester } from '../../helpers/start-tester.ts';
import { hasBrowser, launchBrowser } from '../../helpers/tester-process.ts';

const results = z.object({
  violations: z.array(z.object({ id: z.string(), impact: z.string().nullish(), nodes: z.array(z.object({ html: z.string() })) })),
});

/** Returns what axe-core finds serious or critical in the page as it stands. */
async function findSerious(page: Page): Promise<string[]> {
  const found = results.parse(await page.evaluate('axe.run()'));
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

const views: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['at the width of a phone', { viewport: { width: 360, height: 740 } }],
];

describe.skipIf(!hasBrowser)('axe-core finds nothing serious (skipped where /usr/bin/chromium is missing)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  test.each(views)('%s', async (_name, options) => {
    const { url } = await startTester({ access: 'full', terminal: true, sandbox: { runSeconds: 20 } });
    // The page's own policy would keep axe-core out.
    const page = await openPage(browser, url, { ...options, bypassCSP: true });
    await page.evaluate(axe.source);
    const seen: Record<string, readonly string[]> = {};
    const look = async (state: string) => {
      seen[state] = await findSerious(page);
    };
    const choose = async (command: string) => {
      await page.getByRole('searchbox').fill(command);
      await page
        .getByRole('navigation')
        .getByRole('button', { name: new RegExp(`^${command} `) })
        .click();
    };
    const send = async () => page.getByRole('button', { name: 'Send', exact: true }).click();
    const example = async () => page.getByRole('button', { name: 'Example' }).click();

    await look('start');
    for (const command of [
      'CreateUser',
      'SetUserEmailAddresses',
      'SetSmtpSettings',
      'SetJobSchedule',
      'GetJobResults',
      'SetUserFullName',
    ]) {
      await choose(command);
      await look(`the empty form of ${command}`);
      await example();
      await look(`the form of ${command}`);
    }
    await choose('SetUserPassword');
    await send();
    await page.locator('#field-password-problem', { hasText: 'has to be stated' }).waitFor();
    await look('a form with problems');
    await choose('GetUserInfo');
    await example();
    await send();
    await page
      .locator('.outcome')
      .getByText(/^Done in/)
      .waitFor();
    await look('an exchange');
    await page.getByRole('button', { name: 'Raw' }).click();
    await look('an exchange, raw');
    await page.getByRole('button', { name: 'curl' }).click();
    await page.getByRole('dialog').waitFor();
    await look('a copy');
    await page.keyboard.press('Escape');
    await choose('VerifyStores');
    await example();
    await send();
    await page.getByRole('button', { name: 'Cancel' }).waitFor();
    await look('a running command');
    await choose('DeleteUser');
    await example();
    await send();
    await page.getByRole('dialog', { name: /^Delete user/ }).waitFor();
    await look('a question');
    await page.keyboard.press('Escape');
    await page.locator('.outcome.problem').waitFor();
    await look('a refusal');
    expect(Object.fromEntries(Object.entries(seen).filter(([, found]) => found.length > 0))).toEqual({});
    expect(Object.keys(seen).length).toBe(20);
  });

  test('in what the access does not cover', async () => {
    const { url } = await startTester();
    const page = await openPage(browser, url, { bypassCSP: true });
    await page.evaluate(axe.source);
    await page.getByRole('searchbox').fill('DeleteUser');
    await page.getByRole('button', { name: /^DeleteUser / }).click();
    await page.getByText('the command needs full').waitFor();
    expect(await findSerious(page)).toEqual([]);
  });
});

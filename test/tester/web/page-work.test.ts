import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openPage } from '../../helpers/start-tester.ts';
import { hasBrowser, launchBrowser, startTesterProcess, type TesterProcess } from '../../helpers/tester-process.ts';

const violations = z.object({ violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })) });

/** Returns what axe-core finds in the page as it stands. */
async function findViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = violations.parse(await page.evaluate('axe.run()'));
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

async function choose(page: Page, command: string): Promise<void> {
  await page.getByRole('searchbox').fill(command);
  await page
    .getByRole('navigation')
    .getByRole('button', { name: new RegExp(`^${command} `) })
    .click();
  await page.getByRole('main').locator('.form code', { hasText: command }).first().waitFor();
}

const field = (page: Page, name: string) => page.getByRole('textbox', { name: new RegExp(`^${name} `) });
/** A page takes a moment to follow what is done to it. */
const pollHash = (page: Page) => expect.poll(() => new URL(page.url()).hash);
const pollField = (page: Page, name: string) => expect.poll(async () => field(page, name).inputValue());

describe.skipIf(!hasBrowser)('work with the page in Chromium (skipped where /usr/bin/chromium is missing)', () => {
  let browser: Browser;
  let tester: TesterProcess;
  beforeAll(async () => {
    [browser, tester] = await Promise.all([
      launchBrowser(),
      startTesterProcess({ access: 'read-write', sandbox: { seed: 'small', runSeconds: 0.2 } }),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await tester.close();
  });
  /** The page's own policy would keep axe-core out. */
  const open = async (hash = '') => openPage(browser, `${tester.url}${hash}`, { bypassCSP: true });

  test('a search in German is answered best first, and Enter opens it', async () => {
    const page = await open();
    await page.getByRole('searchbox').fill('Kennwort ändern');
    await expect.poll(async () => page.locator('.command-name').first().textContent()).toBe('SetUserPassword');
    await page.getByRole('searchbox').press('Enter');
    await page.getByRole('heading', { name: "Set a user's password" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
  });

  test('loading the page again, Back and Forward keep the command and its input, a link opens them, and no secret is in the address', async () => {
    const page = await open();
    await choose(page, 'GetUserInfo');
    await field(page, 'userName').fill('johndoe');
    await pollHash(page).toBe('#GetUserInfo?userName=johndoe');
    await choose(page, 'SetUserPassword');
    await field(page, 'userName').fill('amira');
    await page.locator('#field-password').fill('Quiet-Harbour-41');
    await pollHash(page).toBe('#SetUserPassword?userName=amira');

    await page.goBack();
    await page.getByRole('heading', { name: 'Show a user' }).waitFor();
    await pollField(page, 'userName').toBe('johndoe');
    await page.goForward();
    await page.getByRole('heading', { name: "Set a user's password" }).waitFor();
    expect(await page.locator('#field-password').inputValue()).toBe('Quiet-Harbour-41');
    await page.reload();
    await pollField(page, 'userName').toBe('amira');
    expect(await page.locator('#field-password').inputValue()).toBe('');

    await page.getByRole('button', { name: 'Copy link' }).click();
    const link = (await page.getByRole('region', { name: 'As a link to this form' }).textContent()) ?? '';
    expect(link).toBe(`${tester.url}#SetUserPassword?userName=amira`);
    expect(await findViolations(page)).toEqual([]);
    const other = await openPage(browser, link);
    await pollField(other, 'userName').toBe('amira');
  });

  test('what Example or Clear replaced comes back with Undo, and Redo goes forward again', async () => {
    const page = await open('#SetUserFullName');
    await field(page, 'userName').fill('amira');
    await page.getByRole('button', { name: 'Example' }).click();
    await pollField(page, 'userName').toBe('johndoe');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await pollField(page, 'userName').toBe('');
    await page.getByRole('button', { name: 'Undo' }).click();
    await pollField(page, 'userName').toBe('johndoe');
    await page.getByRole('button', { name: 'Undo' }).click();
    await pollField(page, 'userName').toBe('amira');
    await page.getByRole('button', { name: 'Redo' }).click();
    await pollField(page, 'userName').toBe('johndoe');
    expect(await findViolations(page)).toEqual([]);
  });
});

import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openPage } from '../../helpers/start-tester.ts';
import { hasBrowser, launchBrowser, startTesterProcess, type TesterProcess } from '../../helpers/tester-process.ts';

const violations = z.object({ violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })) });

const settings = z.record(z.string(), z.unknown());

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
async function expectHash(page: Page, hash: string): Promise<void> {
  await expect.poll(() => new URL(page.url()).hash).toBe(hash);
}

async function expectUserName(page: Page, value: string): Promise<void> {
  await expect.poll(async () => field(page, 'userName').inputValue()).toBe(value);
}

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
    await expectHash(page, '#GetUserInfo?userName=johndoe');
    await choose(page, 'SetUserPassword');
    await field(page, 'userName').fill('amira');
    await page.locator('#field-password').fill('Quiet-Harbour-41');
    await expectHash(page, '#SetUserPassword?userName=amira');

    await page.goBack();
    await page.getByRole('heading', { name: 'Show a user' }).waitFor();
    await expectUserName(page, 'johndoe');
    await page.goForward();
    await page.getByRole('heading', { name: "Set a user's password" }).waitFor();
    expect(await page.locator('#field-password').inputValue()).toBe('Quiet-Harbour-41');
    await page.reload();
    await expectUserName(page, 'amira');
    expect(await page.locator('#field-password').inputValue()).toBe('');

    await page.getByRole('button', { name: 'Copy link' }).click();
    const link = (await page.getByRole('region', { name: 'As a link to this form' }).textContent()) ?? '';
    expect(link).toBe(`${tester.url}#SetUserPassword?userName=amira`);
    expect(await findViolations(page)).toEqual([]);
    const other = await openPage(browser, link);
    await expectUserName(other, 'amira');
  });

  test('what Example or Clear replaced comes back with Undo, and Redo goes forward again', async () => {
    const page = await open('#SetUserFullName');
    await field(page, 'userName').fill('amira');
    await page.getByRole('button', { name: 'Example' }).click();
    await expectUserName(page, 'johndoe');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await expectUserName(page, '');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expectUserName(page, 'johndoe');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expectUserName(page, 'amira');
    await page.getByRole('button', { name: 'Redo' }).click();
    await expectUserName(page, 'johndoe');
    expect(await findViolations(page)).toEqual([]);
  });

  test('a form that changes a configuration loads what is set, lists what changes before it is sent, and keeps typed text for Undo', async () => {
    const page = await open('#SetStoreAutoCreateConfiguration');
    const config = page.getByRole('textbox', { name: /^config / });
    await config.fill('{"enabled": 1}');
    await page.getByRole('button', { name: 'Load what is set' }).click();
    await page.getByText('Nothing: the form holds what is set.').waitFor();
    const loaded = settings.parse(JSON.parse(await config.inputValue()));
    expect(loaded).toEqual(tester.sandbox.world.state.storeAutoCreate);
    await config.fill(JSON.stringify({ ...loaded, prefix: 'Archive ' }));
    await expect.poll(async () => page.locator('.form .notice li').allTextContents()).toEqual(['prefix: not set → "Archive "']);
    expect(await findViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => config.inputValue()).toBe('{"enabled": 1}');
  });

  test('a configuration that is written by hand is sent once what it changes was shown', async () => {
    const page = await open('#SetSmtpSettings');
    const writes = () => tester.sandbox.requests.filter(({ path }) => path.endsWith('/SetSmtpSettings')).length;
    await page.getByRole('textbox', { name: /^settings / }).fill('{"fromDisplayName": "Archive"}');
    await page.getByRole('button', { name: 'Show what changes' }).click();
    await page.locator('.form .notice li', { hasText: /^fromDisplayName: .* → "Archive"$/ }).waitFor();
    await page.getByText('MailStore does not show password: state it to keep or to change it.').waitFor();
    expect(writes()).toBe(0);
  });

  test('a bar says where calls go and with which access, and when the tester has ended; then nothing can be sent', async () => {
    const own = await startTesterProcess({ access: 'read-write', sandbox: { seed: 'small' } });
    // A browser complains of a server that has gone.
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto(`${own.url}#GetUsers`);
    const bar = page.locator('.target-bar');
    await expect.poll(async () => bar.textContent()).toBe(`default ${own.sandbox.url} as admin read-write access`);
    const sendButton = page.getByRole('button', { name: 'Send', exact: true });
    expect(await sendButton.isDisabled()).toBe(false);
    await own.end();
    await expect.poll(async () => bar.textContent()).toBe('The tester has ended: nothing on this page can be sent.');
    expect(await sendButton.isDisabled()).toBe(true);
    expect(await findViolations(page)).toEqual([]);
    await context.close();
    await own.close();
  });

  test('a page whose script has not come says so', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route('**/page.js', async (route) => route.abort());
    await page.goto(tester.url);
    expect((await page.locator('#page').textContent())?.trim()).toBe(
      'The page loads from the tester on this machine. If this stays, the tester has ended: start it again.',
    );
    await context.close();
  });
});

/**
 * Takes the pictures of the API tester's page for the documentation, into `docs/images`. Needs Chromium at /usr/bin/chromium.
 */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser, startTesterProcess } from '../test/helpers/tester-process.ts';
import { build } from './build.ts';

const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url));
const WIDE = { width: 1200, height: 700 };

async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const page = await browser.newPage({ viewport: WIDE, ...options });
  await page.goto(url);
  return page;
}

async function choose(page: Page, search: string, command: string): Promise<void> {
  await page.getByRole('searchbox').fill(search);
  await page
    .getByRole('navigation')
    .getByRole('button', { name: new RegExp(`^${command} `) })
    .click();
}

async function send(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

async function take(page: Page, name: string): Promise<void> {
  const path = join(FOLDER, `tester-${name}.png`);
  await page.screenshot({ path });
  console.log(`${path}: ${((await stat(path)).size / 1024).toFixed(0)} KiB`);
  await page.close();
}

await build();
await mkdir(FOLDER, { recursive: true });
const tester = await startTesterProcess({ access: 'full', sandbox: { runSeconds: 6 } });
const browser = await launchBrowser();
try {
  const { url } = tester;

  const command = await open(browser, url, { colorScheme: 'light' });
  await choose(command, 'user addresses', 'GetUserInfo');
  await command.getByRole('textbox', { name: /^userName/ }).fill('johndoe');
  await send(command);
  await command.getByText(/^Done in/).waitFor();
  await take(command, 'command');

  const long = await open(browser, url, { colorScheme: 'dark' });
  await choose(long, 'verifystore', 'VerifyStore');
  await long.getByRole('button', { name: 'Example' }).click();
  await send(long);
  await long.getByText(/^running, [4-9]\d %/).waitFor();
  await take(long, 'long-command');

  const question = await open(browser, url, { colorScheme: 'light' });
  await choose(question, 'delete user', 'DeleteUser');
  await question.getByRole('textbox', { name: /^userName/ }).fill('amira');
  await send(question);
  await question.getByRole('dialog').waitFor();
  await take(question, 'question');

  const phone = await open(browser, url, { viewport: { width: 360, height: 1000 } });
  await choose(phone, 'getuserinfo', 'GetUserInfo');
  await phone.getByRole('textbox', { name: /^userName/ }).fill('johndoe');
  await send(phone);
  await phone.getByText(/^Done in/).waitFor();
  await take(phone, 'phone');
} finally {
  await browser.close();
  await tester.close();
}

/**
 * Takes the pictures of the tester's page and of the console for the documentation, into `docs/images`; with the name of one of them only its own.
 * Needs Chromium at /usr/bin/chromium.
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
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path });
  console.log(`${path}: ${((await stat(path)).size / 1024).toFixed(0)} KiB`);
  await page.close();
}

/** Pictures of the API tester. */
async function takeTester(browser: Browser): Promise<void> {
  const tester = await startTesterProcess({ access: 'full', terminal: true, sandbox: { runSeconds: 6 } });
  try {
    const { url } = tester;

    const command = await open(browser, url, { colorScheme: 'light' });
    await choose(command, 'user addresses', 'GetUserInfo');
    await command.getByRole('textbox', { name: /^userName/ }).fill('johndoe');
    await send(command);
    await command.getByText(/^Done in/).waitFor();
    await take(command, 'tester-command');

    const long = await open(browser, url, { colorScheme: 'dark' });
    await choose(long, 'verifystore', 'VerifyStore');
    await long.getByRole('button', { name: 'Example' }).click();
    await send(long);
    await long.getByText(/^running, [4-9]\d %/).waitFor();
    await take(long, 'tester-long-command');

    const question = await open(browser, url, { colorScheme: 'light' });
    await choose(question, 'delete user', 'DeleteUser');
    await question.getByRole('textbox', { name: /^userName/ }).fill('amira');
    await send(question);
    await question.getByRole('dialog').waitFor();
    await take(question, 'tester-question');

    const phone = await open(browser, url, { viewport: { width: 360, height: 1000 } });
    await choose(phone, 'getuserinfo', 'GetUserInfo');
    await phone.getByRole('textbox', { name: /^userName/ }).fill('johndoe');
    await send(phone);
    await phone.getByText(/^Done in/).waitFor();
    await take(phone, 'tester-phone');
  } finally {
    await tester.close();
  }
}

/** Pictures of the console. */
async function takeConsole(browser: Browser): Promise<void> {
  const { url, close } = await startTesterProcess({ program: 'console', sandbox: {} });
  try {
    for (const room of ['health', 'runs', 'storage']) {
      const page = await open(browser, `${url}#${room}`, { colorScheme: 'light' });
      await page.getByRole('button', { name: 'Print' }).waitFor();
      await take(page, `console-${room}`);
    }
  } finally {
    await close();
  }
}

const TAKEN: Readonly<Record<string, (browser: Browser) => Promise<void>>> = { tester: takeTester, console: takeConsole };
const [only] = process.argv.slice(2);

await build();
await mkdir(FOLDER, { recursive: true });
const browser = await launchBrowser();
try {
  for (const [name, takeAll] of Object.entries(TAKEN)) if (only === undefined || only === name) await takeAll(browser);
} finally {
  await browser.close();
}

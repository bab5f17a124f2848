import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openPage, waitForFocus } from '../../helpers/start-tester.ts';
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
    const own = await startTesterProcess({ access: 'read-write', sandbox: { seed: 'small', runSeconds: 600 } });
    // A browser complains of a server that has gone.
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto(`${own.url}#GetUsers`);
    const bar = page.locator('.target-bar');
    await expect.poll(async () => bar.textContent()).toBe(`default ${own.sandbox.url} as admin read-write access`);
    const sendButton = page.getByRole('button', { name: 'Send', exact: true });
    expect(await sendButton.isDisabled()).toBe(false);
    // Of many that run, one is open.
    for (const id of [1, 2, 3])
      await page.evaluate(
        `fetch('call', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(
          { command: 'VerifyStore', args: { id: ${id}, includeIndexes: false }, target: 'default', form: 'auto' }) }).then((answer) => answer.text())`,
      );
    const cards = page.locator('.tasks .card');
    await expect.poll(async () => cards.count()).toBe(3);
    await expect.poll(async () => page.locator('.tasks .card[open]').count()).toBe(1);
    await cards.last().locator('summary').click();
    expect(await page.locator('.tasks .card[open]').count()).toBe(1);
    expect(await findViolations(page)).toEqual([]);
    await own.end();
    await expect.poll(async () => bar.textContent()).toBe('The tester has ended: nothing on this page can be sent.');
    expect(await sendButton.isDisabled()).toBe(true);
    expect(await cards.locator('.status').allTextContents()).toEqual(Array.from({ length: 3 }, () => 'running when the tester ended'));
    expect(await page.locator('.tasks').getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    expect(await findViolations(page)).toEqual([]);
    await context.close();
    await own.close();
  });

  const send = async (page: Page) => page.getByRole('button', { name: 'Send', exact: true }).click();
  const table = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
  /** The cells of one column, by its number; the first is that of the row's number. */
  const cells = async (page: Page, name: string, column: number) =>
    table(page, name).locator(`tbody td:nth-child(${column})`).allTextContents();

  test('a list is a table that is sorted, filtered, folded and saved, with hostile names as text and formulas disarmed', async () => {
    const john = tester.sandbox.world.user('johndoe');
    const { fullName } = john;
    john.fullName = '=HYPERLINK("http://x")<b>\u202E';
    const page = await open('#GetUsers');
    await send(page);
    const users = table(page, 'Answer to GetUsers');
    await users.waitFor();
    const before = await cells(page, 'Answer to GetUsers', 2);
    await users.getByRole('button', { name: 'userName' }).click();
    await users.getByRole('button', { name: 'userName' }).click();
    expect(await users.locator('th[aria-sort="descending"]').textContent()).toContain('userName');
    expect(await cells(page, 'Answer to GetUsers', 2)).toEqual(before.toSorted((one, other) => other.localeCompare(one)));
    await page.getByRole('textbox', { name: 'Filter Answer to GetUsers' }).fill('hyperlink john');
    await expect.poll(async () => cells(page, 'Answer to GetUsers', 2)).toEqual(['johndoe']);
    expect(await cells(page, 'Answer to GetUsers', 3)).toEqual(['=HYPERLINK("http://x")<b>[U+202E]']);
    await page.locator('.menu summary').click();
    expect(await findViolations(page)).toEqual([]);
    await page.getByLabel('mfaStatus').uncheck();
    await page.keyboard.press('Escape');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save CSV' }).click();
    const file = await download;
    const saved = readFileSync(await file.path(), 'utf8');
    expect(saved.split('\r\n')[0]).not.toContain('mfaStatus');
    expect(saved).toContain(`johndoe,"'=HYPERLINK(""http://x"")<b>\u202E"`);
    await users.getByRole('button', { name: 'Show row 1' }).press('Enter');
    await page.getByRole('region', { name: 'One row of Answer to GetUsers' }).getByText('[U+202E]').waitFor();
    expect(await page.locator('main b').count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
    john.fullName = fullName;
  });

  test('of 10,000 rows only those in view are drawn, the keyboard goes through them, and the answer takes the width of the page', async () => {
    const { users } = tester.sandbox.world.state;
    const [all, john] = [[...users], tester.sandbox.world.user('johndoe')];
    users.push(...Array.from({ length: 10_000 }, (_, index) => ({ ...john, userName: `user${String(index).padStart(5, '0')}` })));
    const page = await open('#GetUsers');
    await send(page);
    const rows = table(page, 'Answer to GetUsers');
    await rows.waitFor();
    users.splice(0, users.length, ...all);
    expect(await rows.locator('tbody tr').count()).toBeLessThan(80);
    await rows.locator('tbody button').first().focus();
    await page.keyboard.press('End');
    await waitForFocus(rows.getByRole('button', { name: `Show row ${all.length + 10_000}`, exact: true }));
    expect(await rows.locator('tbody tr[aria-rowindex]').last().locator('td').nth(1).textContent()).toBe('user09999');
    expect(await rows.locator('tbody tr').count()).toBeLessThan(80);
    const width = async () => (await rows.boundingBox())?.width ?? 0;
    expect(await width()).toBeGreaterThan(700);
    await page.getByRole('button', { name: 'Full width' }).click();
    expect(await width()).toBeGreaterThan(1300);
    // Colours reach what is in view of a long body.
    await expect
      .poll(async () => page.getByRole('region', { name: 'Body of the response' }).locator('.token-string').count())
      .toBeGreaterThan(20);
  });

  test('a German reader finds the health of the archive, and reads its page with numbers and dates as written there', async () => {
    const page = await openPage(browser, tester.url, { bypassCSP: true, locale: 'de-DE', timezoneId: 'UTC' });
    await page.getByRole('searchbox').fill('Gesundheit');
    await page.getByRole('searchbox').press('Enter');
    await page.getByRole('heading', { name: 'Check the archive' }).waitFor();
    await send(page);
    const report = page.getByRole('region', { name: 'Report of archive_health' });
    await report.locator('.headline').waitFor();
    expect((await cells(page, 'archive_health: checks', 2)).toSorted()).toEqual([
      'backups',
      'certificates',
      'compliance',
      'indexes',
      'jobs',
      'jobs',
      'licence',
      'profiles',
      'stores',
      'stores',
    ]);
    await report.getByText('Not looked at').click();
    await report.getByText('whether a backup can be restored').waitFor();
    expect(await findViolations(page)).toEqual([]);
    await page.goto(`${tester.url}#GetStores`);
    await send(page);
    await table(page, 'Answer to GetStores').waitFor();
    const sizes = await table(page, 'Answer to GetStores').locator('td[title$="0"], td.number').allTextContents();
    expect(sizes.filter((size) => /^\d{1,3}(,\d)? (KB|MB|GB)$/.test(size)).length).toBeGreaterThan(0);
  });

  test('a form offers what exists, presets of dates, and a schedule as one choice, and sends what is written all the same', async () => {
    const page = await open('#SetJobSchedule');
    const chooser = page.getByRole('combobox', { name: 'Choose id from those that exist' });
    await chooser.focus();
    const [job] = tester.sandbox.world.state.jobs;
    await expect.poll(async () => chooser.locator('option').allTextContents()).toContain(`${job?.id} – ${job?.name}`);
    await chooser.selectOption(String(job?.id));
    expect(await field(page, 'id').inputValue()).toBe(String(job?.id));
    await page.getByText(`It is ${job?.name}.`).waitFor();
    await send(page);
    await page.getByText('When it runs has to be chosen').waitFor();
    await page.getByLabel(/^When it runs/).selectOption('every week');
    await expect
      .poll(async () =>
        page.locator('.form [id^="field-"]:is(input, select)').evaluateAll((all: { id: string }[]) => all.map(({ id }) => id)),
      )
      .toEqual(['field-id', 'field-timeZoneId', 'field-way', 'field-time', 'field-dayOfWeek']);
    expect(await findViolations(page)).toEqual([]);

    await page.goto(`${tester.url}#GetJobResults`);
    await page.getByRole('group', { name: 'Common values of since' }).getByRole('button', { name: 'last 24 hours' }).click();
    await expectHash(page, '#GetJobResults?since=last+24+hours');
    await page.getByRole('group', { name: 'Common values of fromIncluding' }).getByRole('button', { name: 'yesterday' }).click();
    expect(await field(page, 'fromIncluding').inputValue()).toMatch(/^\d{4}-\d\d-\d\dT00:00/);
    await page.goto(`${tester.url}#GetUserInfo`);
    await field(page, 'userName').fill('nobody.listed');
    await send(page);
    await page.locator('.outcome.problem').getByText('nobody.listed').waitFor();
    await page.getByLabel('Outcome').selectOption('not done');
    await page.getByRole('textbox', { name: 'Filter the history' }).fill('nobody.listed');
    await expect.poll(async () => page.locator('.history .entry').count()).toBe(1);
    expect(await findViolations(page)).toEqual([]);
  });

  test('at 200 % and without motion, Send and the result of what was sent are in view', async () => {
    const page = await openPage(browser, `${tester.url}#CreateUser`, { viewport: { width: 720, height: 450 }, reducedMotion: 'reduce' });
    const isInView = async (what: Locator) => {
      const box = await what.boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= 450;
    };
    const sendButton = page.getByRole('button', { name: 'Send', exact: true });
    await expect.poll(async () => isInView(sendButton)).toBe(true);
    await page.goto(`${tester.url}#GetStores`);
    await expect.poll(async () => isInView(sendButton)).toBe(true);
    await sendButton.click();
    await expect.poll(async () => isInView(page.locator('.outcome', { hasText: /^Done in/ }))).toBe(true);
    expect(await page.evaluate<number>('document.getAnimations().length + document.documentElement.scrollWidth - innerWidth')).toBe(0);
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

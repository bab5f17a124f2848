import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPage, startTester, waitForFocus } from '../../helpers/start-tester.ts';
import { hasBrowser, launchBrowser } from '../../helpers/tester-process.ts';

const root = new URL('../../../', import.meta.url);

/** Finds a command by the search and opens its form. */
async function choose(page: Page, command: string): Promise<void> {
  await page.getByRole('searchbox').fill(command);
  await page
    .getByRole('navigation')
    .getByRole('button', { name: new RegExp(`^${command} `) })
    .click();
  await page
    .getByRole('main')
    .locator('code', { hasText: new RegExp(`^${command}$`) })
    .first()
    .waitFor();
}

async function send(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

const field = (page: Page, name: string) => page.getByRole('textbox', { name: new RegExp(`^${name} `) });
const locateResponse = (page: Page) => page.getByRole('region', { name: 'Body of the response' });
const locateRequest = (page: Page) => page.getByRole('region', { name: 'Body of the request' });
const locateOutcome = (page: Page) => page.locator('.outcome');

describe('the files of the page', () => {
  test('the script is below 110 KB, and all of it together below 130 KB', () => {
    const sizes = readdirSync(new URL('dist/tester/', root)).map(
      (name) => [name, statSync(new URL(`dist/tester/${name}`, root)).size] as const,
    );
    expect(sizes.map(([name]) => name)).toEqual(['index.html', 'page.css', 'page.js']);
    expect(Object.fromEntries(sizes)['page.js']).toBeLessThan(110_000);
    expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(130_000);
  });

  test('nothing in its source makes markup of text', () => {
    const folder = new URL('src/tester/web/page/', root);
    const makers = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|\beval\b|new Function/;
    const found = readdirSync(folder).filter((name) => makers.test(readFileSync(new URL(name, folder), 'utf8')));
    expect(found).toEqual([]);
  });

  test('it names no address of another server', () => {
    const names = ['index.html', 'page.css', 'page.js'];
    const found = names.flatMap(
      (name) => readFileSync(new URL(`dist/tester/${name}`, root), 'utf8').match(/(?:https?:)?\/\/[\w.-]+\.\w+/g) ?? [],
    );
    // The names of XML vocabularies, which are never loaded.
    expect([...new Set(found)].toSorted()).toEqual(['http://www.w3.org']);
  });
});

describe.skipIf(!hasBrowser)('the page in Chromium (skipped where /usr/bin/chromium is missing)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  test('a command is found, sent, seen to fail well, and goes right', async () => {
    const { url, sandbox } = await startTester();
    const page = await openPage(browser, url);
    await page.getByRole('searchbox').fill('show user privileges');
    await expect.poll(async () => page.locator('.command-name').allTextContents()).toContain('GetUserInfo');
    await choose(page, 'GetUserInfo');

    await send(page);
    await page.locator('#field-userName-problem', { hasText: 'userName has to be stated' }).waitFor();
    await waitForFocus(field(page, 'userName'));
    expect(await field(page, 'userName').getAttribute('aria-invalid')).toBe('true');
    expect(sandbox.requests.filter(({ path }) => path.includes('GetUserInfo'))).toEqual([]);

    await field(page, 'userName').fill('nobody');
    await send(page);
    await page.locator('.outcome.problem').getByText('nobody').waitFor();
    expect(await locateResponse(page).textContent()).toContain('"statusCode": "failed"');
    expect(await locateRequest(page).textContent()).toBe('userName = nobody');

    await field(page, 'userName').fill('johndoe');
    await send(page);
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(await locateResponse(page).textContent()).toContain('"fullName": "John Doe"');
    expect(
      await page
        .getByText(/^200 OK/)
        .locator('..')
        .textContent(),
    ).toMatch(/^200 OK \d.*(?:ms|s), \d+ bytes$/);
  });

  test('raw shows both messages as they crossed the wire, the login masked', async () => {
    const { url, sandbox } = await startTester();
    const page = await openPage(browser, url);
    await choose(page, 'GetUserInfo');
    await field(page, 'userName').fill('johndoe');
    await send(page);
    await page.getByRole('button', { name: 'Raw' }).click();
    const request = await page.getByRole('region', { name: 'Request, raw' }).textContent();
    const response = await page.getByRole('region', { name: 'Response, raw' }).textContent();
    expect(request).toMatch(/^POST \/api\/invoke\/GetUserInfo HTTP\/1\.1\nhost: 127\.0\.0\.1:\d+\n/i);
    expect(request).toContain('\nauthorization: Basic ***\n');
    expect(request).toMatch(/\ncontent-length: 16\n\nuserName=johndoe$/i);
    expect(response).toMatch(/^HTTP\/1\.1 200 OK\n/);
    expect(response).toMatch(/\n\n\[U\+FEFF\]\{"error":null,.*"logOutput":null\}$/);
    expect(await page.content()).not.toContain(sandbox.password);
  });

  test.each([
    ['legacy-xml', '/XML/Invoke/GetUserInfo', '  <fullName type="string">John Doe</fullName>'],
    ['legacy', '/JSON/Invoke/GetUserInfo', '"fullName": "John Doe"'],
    ['modern', '/api/invoke/GetUserInfo', '"statusCode": "succeeded"'],
  ])('the form %s of the API is spoken when it is chosen', async (form, path, shown) => {
    const { url, sandbox } = await startTester();
    const page = await openPage(browser, url);
    await page.getByLabel('Form of the API').selectOption(form);
    await choose(page, 'GetUserInfo');
    await field(page, 'userName').fill('johndoe');
    await send(page);
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(await locateResponse(page).textContent()).toContain(shown);
    expect(sandbox.requests.at(-1)?.path).toBe(path);
  });

  test('a long command is watched to its end and read again, when the server and the page have forgotten it', async () => {
    const { url, sandbox } = await startTester({ sandbox: { runSeconds: 1.5 } });
    const page = await openPage(browser, url);
    await choose(page, 'VerifyStore');
    await field(page, 'id').fill('1');
    await page.getByLabel('includeIndexes').selectOption('true');
    await send(page);
    const card = page.locator('.card');
    const bar = page.getByRole('progressbar', { name: 'Progress of Verify a store' });
    await expect.poll(async () => Number(await bar.getAttribute('value'))).toBeGreaterThan(0);
    await card.getByText('succeeded').waitFor();
    const messages = page.getByRole('region', { name: 'Messages of Verify a store' });
    const said = await messages.textContent();
    expect(said).toMatch(/^Verifying archive store[\s\S]*Verification finished; errors: 0, warnings: 0$/);
    expect(await bar.count()).toBe(0);

    await expect.poll(async () => page.getByLabel('Exchange', { exact: true }).locator('option').count()).toBeGreaterThan(2);
    const last = page.getByLabel('Exchange', { exact: true }).locator('option').last();
    await expect.poll(async () => last.textContent()).toContain('/api/get-status');

    await sandbox.restart();
    await page.reload();
    const kept = page.locator('.card', { hasText: 'Verify a store' });
    await kept.locator('summary').click();
    expect(await messages.textContent()).toBe(said);
    expect(await kept.textContent()).toContain('The server hands out an end once; this one is kept in the record');
  });

  test('a long command that MailStore calls succeeded and that found errors says so on its card, which looks as one that failed', async () => {
    const { url } = await startTester();
    const page = await openPage(browser, url);
    await choose(page, 'VerifyStore');
    await field(page, 'id').fill('6');
    await page.getByLabel('includeIndexes').selectOption('false');
    await send(page);
    const card = page.locator('.card.failed', { hasText: 'Verify a store' });
    await expect.poll(async () => card.locator('.status').textContent()).toBe('finished with 1 error');
  });

  test('a long command is cancelled from its card', async () => {
    const { url } = await startTester({ access: 'read-write', sandbox: { runSeconds: 60 } });
    const page = await openPage(browser, url);
    await choose(page, 'VerifyStores');
    await page.getByLabel('includeIndexes').selectOption('false');
    await send(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(async () => page.locator('.card .status').textContent()).toBe('cancelled');
  });

  test('cancelling a destructive command asks as its call does: a no leaves it running, a yes stops it', async () => {
    const { url, sandbox, nextCode } = await startTester({ access: 'full', terminal: true, sandbox: { runSeconds: 60 } });
    const page = await openPage(browser, url);
    await choose(page, 'RecoverStore');
    await page.getByRole('button', { name: 'Example' }).click();
    await send(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Code from the terminal').fill(await nextCode());
    await page.keyboard.press('Enter');
    const cancelled = () => sandbox.requests.filter(({ path }) => path.endsWith('/cancel-async')).length;
    const asked = page.getByRole('dialog', { name: 'Cancel recover_store?' });

    await page.locator('.card').getByRole('button', { name: 'Cancel' }).click();
    await asked.getByText('can leave what it works on unusable').waitFor();
    const staleCode = await nextCode();
    await asked.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page
      .locator('.card .problem')
      .getByText("cancel_task was not run: it needs a person's yes, and the question was declined.")
      .waitFor();
    expect([await asked.count(), cancelled()]).toEqual([0, 0]);

    await page.locator('.card').getByRole('button', { name: 'Cancel' }).click();
    const yes = asked.getByRole('button', { name: 'Cancel recover_store' });
    expect(await yes.isDisabled()).toBe(true);
    const code = await nextCode();
    expect(code).not.toBe(staleCode);
    await asked.getByLabel('Code from the terminal').fill(code);
    await yes.click();
    await expect.poll(async () => page.locator('.card .status').textContent()).toBe('cancelled');
    expect([await asked.count(), cancelled()]).toEqual([0, 1]);
  });

  test('a command shows effect and risk in the list, and in its form which risks it has and whether it can be put back', async () => {
    const { url } = await startTester({ access: 'full' });
    const page = await openPage(browser, url);
    const seen: Record<string, readonly string[]> = {};
    for (const command of ['GetUsers', 'RenameStore', 'CreateBackup', 'SetUserAuthentication', 'DeleteUser']) {
      await choose(page, command);
      const badges = page
        .getByRole('navigation')
        .getByRole('button', { name: new RegExp(`^${command} `) })
        .locator('.badge');
      seen[command] = [...(await badges.allTextContents()), ...(await page.locator('.form .safety').allTextContents())];
    }
    const putBack = 'It can be put back, where what was before could be read in full.';
    expect(seen).toEqual({
      GetUsers: ['read'],
      RenameStore: ['write', putBack],
      CreateBackup: [
        'write',
        'risk',
        'Risk, so that it asks for a yes: sends data out.',
        'It cannot be put back: No command deletes a backup; its files stay in the directory.',
      ],
      SetUserAuthentication: [
        'write',
        'risk',
        "Risk, so that it asks for a yes: opens other people's mail.",
        'Risk that depends on the arguments or on what is there now: grants power, locks out the login that is used here.',
        putBack,
      ],
      DeleteUser: [
        'destructive',
        'possible risk',
        'Risk that depends on the arguments or on what is there now: locks out the login that is used here.',
        'It cannot be put back: A new account of the same name lacks the password, the settings and the rights of the deleted one.',
      ],
    });
  });

  test('long commands of another archive are not shown, and their number is', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-tester-'));
    const first = await startTester({ stateDir });
    const page = await openPage(browser, first.url);
    await choose(page, 'VerifyStore');
    await field(page, 'id').fill('1');
    await page.getByLabel('includeIndexes').selectOption('false');
    await send(page);
    await page.locator('.card').getByText('succeeded').waitFor();
    await page.close();
    await first.end();
    const { url } = await startTester({ stateDir });
    const other = await openPage(browser, url);
    await other.getByText('1 of other archives is not shown.').waitFor();
    expect(await other.locator('.card').count()).toBe(0);
  });

  test('why a long command cannot be cancelled stands on its card', async () => {
    const { url } = await startTester({ sandbox: { runSeconds: 60 } });
    const page = await openPage(browser, url);
    await page.getByLabel('Form of the API').selectOption('legacy');
    await choose(page, 'VerifyStore');
    await page.getByRole('button', { name: 'Example' }).click();
    await field(page, 'id').fill('1');
    await send(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    const problem = page.locator('.card .problem');
    await expect
      .poll(async () => problem.allTextContents())
      .toEqual([expect.stringContaining('the 2012 form of the API has no way to ask for it')]);
  });

  test('what the access does not cover is greyed with the reason, and its form can be learnt', async () => {
    const { url } = await startTester();
    const page = await openPage(browser, url);
    await page.getByRole('searchbox').fill('DeleteUser');
    const button = page.getByRole('button', { name: /^DeleteUser / });
    expect(await button.getAttribute('class')).toBe('command refused');
    expect(await button.textContent()).toContain('needs full');
    await button.click();
    await page.getByText('This tester runs with read-only access, and the command needs full. Start it again with --access full').waitFor();
    expect(await field(page, 'userName').isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
    await field(page, 'userName').fill('johndoe');
    await page.keyboard.press('Control+Enter');
    await choose(page, 'GetUsers');
    await send(page);
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(await page.locator('.history .command-name').allTextContents()).toEqual(['GetUsers']);
  });

  test('a destructive command asks with what is at stake; no leaves everything as it is, yes does it', async () => {
    const { url, sandbox, nextCode } = await startTester({ access: 'full', terminal: true });
    const page = await openPage(browser, url);
    const isThere = () => sandbox.world.state.users.some(({ userName }) => userName === 'johndoe');
    await choose(page, 'DeleteUser');
    await field(page, 'userName').fill('johndoe');
    const dialog = page.getByRole('dialog', { name: 'Delete user johndoe (John Doe)?' });
    const refused = locateOutcome(page).getByText("delete_user was not run: it needs a person's yes, and the question was declined.");

    await send(page);
    await dialog.getByText('The account is deleted for good').waitFor();
    await waitForFocus(dialog.getByRole('button', { name: 'Cancel' }));
    const staleCodes = [await nextCode()];
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await refused.waitFor();
    expect([await dialog.count(), isThere()]).toEqual([0, true]);

    await page.keyboard.press('Control+Enter');
    await dialog.waitFor();
    staleCodes.push(await nextCode());
    await page.keyboard.press('Escape');
    await refused.waitFor();
    expect([await dialog.count(), isThere()]).toEqual([0, true]);

    await send(page);
    const yes = dialog.getByRole('button', { name: 'Delete johndoe' });
    expect(await yes.isDisabled()).toBe(true);
    const code = await nextCode();
    expect(staleCodes).not.toContain(code);
    await dialog.getByLabel('Code from the terminal').fill(code);
    await yes.click();
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(isThere()).toBe(false);
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/DeleteUser')).length).toBe(1);
  });

  test('the worst is done only when its name is typed', async () => {
    const { url, sandbox, nextCode } = await startTester({ access: 'full', terminal: true });
    const page = await openPage(browser, url);
    await choose(page, 'SetComplianceConfiguration');
    await page.getByLabel(/^config/).fill('{"legalHoldEnabled": false}');
    sandbox.world.state.compliance['legalHoldEnabled'] = true;
    await page.getByRole('button', { name: 'Show what changes' }).click();
    await page.getByText('legalHoldEnabled: true → false').waitFor();
    await send(page);
    const dialog = page.getByRole('dialog');
    const typed = dialog.getByLabel(/to confirm$/);
    await waitForFocus(typed);
    const yes = dialog.getByRole('button', { name: /^Replace / });
    expect(await yes.isDisabled()).toBe(true);
    await dialog.getByLabel('Code from the terminal').fill(await nextCode());
    await typed.fill('something else');
    await page.keyboard.press('Enter');
    expect([await yes.isDisabled(), sandbox.world.state.compliance['legalHoldEnabled']]).toEqual([true, true]);
    await typed.fill((await dialog.locator('label strong').textContent()) ?? '');
    await page.keyboard.press('Enter');
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(sandbox.world.state.compliance['legalHoldEnabled']).toBe(false);
  });

  test('a page that is closed while it is asked cancels the question', async () => {
    const { url, sandbox } = await startTester({ access: 'full', terminal: true });
    const page = await openPage(browser, url);
    await choose(page, 'DeleteUser');
    await field(page, 'userName').fill('johndoe');
    await send(page);
    await page.getByRole('dialog').waitFor();
    await page.close();
    const other = await openPage(browser, url);
    await other.locator('.history').getByText('not done').waitFor();
    await other
      .getByRole('button', { name: /^DeleteUser/ })
      .last()
      .click();
    await locateOutcome(other).getByText('the question was closed without an answer').waitFor();
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/DeleteUser'))).toEqual([]);
  });

  test('markup in a name is text, and what hides in it is shown', async () => {
    const { url, sandbox } = await startTester({ access: 'full', terminal: true });
    const evil = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>\u202Egnp.exe';
    sandbox.world.user('johndoe').fullName = evil;
    const page = await openPage(browser, url);
    await choose(page, 'GetUsers');
    await send(page);
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(await locateResponse(page).textContent()).toContain(`<img src=x onerror=\\"document.title='owned'\\">`);
    await page.getByRole('button', { name: 'Raw' }).click();
    expect(await page.getByRole('region', { name: 'Response, raw' }).textContent()).toContain('[U+202E]gnp.exe');

    await choose(page, 'DeleteUser');
    await field(page, 'userName').fill('johndoe');
    await send(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByText('<script>document.title="owned"</script>[U+202E]gnp.exe').waitFor();
    expect(await page.locator('img, main script, dialog script').count()).toBe(0);
    expect(await page.title()).toBe('MailStore API tester');
  });

  test('a form has the control of each kind, and shows each problem next to its field', async () => {
    const { url, sandbox } = await startTester({ access: 'read-write' });
    const page = await openPage(browser, url);

    await choose(page, 'CreateUser');
    await field(page, 'userName').fill('jane.roe');
    await page
      .getByRole('group', { name: /^privileges/ })
      .getByLabel('login')
      .check();
    await page.getByRole('combobox', { name: /^authentication/ }).selectOption('integrated');
    const password = page.getByLabel(/^password/);
    expect(await password.getAttribute('type')).toBe('password');
    await password.fill('Quiet-Harbour-41');
    await page.getByRole('button', { name: 'Show' }).click();
    expect(await password.getAttribute('type')).toBe('text');
    await send(page);
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(sandbox.world.user('jane.roe')).toMatchObject({
      privileges: ['login'],
      authentication: 'integrated',
      password: 'Quiet-Harbour-41',
    });
    expect(await locateRequest(page).textContent()).toContain('password = ***');
    expect(await page.locator('.history').textContent()).toContain('"password":"***"');
    expect(await page.getByText('What it changed (change 1)').isVisible()).toBe(true);

    await choose(page, 'SetUserEmailAddresses');
    await field(page, 'userName').fill('jane.roe');
    const addresses = page.getByRole('group', { name: /^emailAddresses/ });
    const add = addresses.getByRole('textbox');
    await add.pressSequentially('jane@example.com,roe@example.com');
    await add.press('Enter');
    await add.pressSequentially('last@example.com');
    await addresses.getByRole('button', { name: 'Remove roe@example.com' }).click();
    await add.press('Control+Enter');
    await expect.poll(() => sandbox.world.user('jane.roe').emailAddresses).toEqual(['jane@example.com', 'last@example.com']);
    await addresses.getByLabel('clear it (null)').check();
    await send(page);
    await expect.poll(() => sandbox.world.user('jane.roe').emailAddresses).toEqual([]);

    await choose(page, 'SetSmtpSettings');
    const settings = page.getByLabel(/^settings/);
    await settings.fill('{"hostname": }');
    await page.getByText(/^settings is no JSON: /).waitFor();
    await settings.fill('{"hostname":"smtp.example.com"}');
    expect(await page.getByText(/^settings is no JSON: /).count()).toBe(0);
    await page.getByRole('button', { name: 'Indent' }).click();
    expect(await settings.inputValue()).toBe('{\n  "hostname": "smtp.example.com"\n}');

    await choose(page, 'GetJobResults');
    await page.getByLabel(/^fromIncluding/).fill('2026-03-01T00:00');
    await page.getByLabel(/^toExcluding/).fill('2026-03-02T12:30:15');
    await send(page);
    await page.getByRole('heading', { name: 'GetJobResults', exact: true }).waitFor();
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(await locateRequest(page).textContent()).toContain('fromIncluding = 2026-03-01T00:00:00');
    expect(await locateRequest(page).textContent()).toContain('toExcluding = 2026-03-02T12:30:15');
  });

  test('the keyboard alone goes all the way, to the cancel of a long command, and keeps its place', async () => {
    const { url, sandbox, nextCode } = await startTester({ access: 'full', terminal: true, sandbox: { runSeconds: 600 } });
    const page = await openPage(browser, url);
    await page.keyboard.press('/');
    await page.keyboard.type('getuser');
    await page.keyboard.press('ArrowDown');
    const command = (name: string) => page.getByRole('navigation').getByRole('button', { name: new RegExp(`^${name} `) });
    const search = page.getByRole('searchbox');
    await waitForFocus(command('GetUsers'));
    await page.keyboard.press('ArrowDown');
    await waitForFocus(command('GetUserInfo'));
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    await waitForFocus(command('GetUsers'));
    await page.keyboard.press('ArrowUp');
    await waitForFocus(search);
    await page.keyboard.press('End');
    await page.keyboard.type('info');
    await page.keyboard.press('Enter');
    await waitForFocus(page.getByRole('heading', { name: 'Show a user' }));
    await page.keyboard.press('Tab');
    await page.keyboard.type('johndoe');
    await page.keyboard.press('Control+Enter');
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    await expect.poll(async () => page.getByRole('status').allTextContents()).toContain('GetUserInfo is done.');

    await page.keyboard.press('Tab');
    await page.keyboard.press('/');
    await waitForFocus(search);
    await page.keyboard.type('deleteuser');
    await page.keyboard.press('Enter');
    await waitForFocus(page.getByRole('heading', { name: 'Delete a user' }));
    await page.keyboard.press('Tab');
    await page.keyboard.type('amira');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await waitForFocus(dialog.getByRole('button', { name: 'Cancel' }));
    await page.keyboard.press('Shift+Tab');
    await waitForFocus(dialog.getByLabel('Code from the terminal'));
    await page.keyboard.type(await nextCode());
    await page.keyboard.press('Enter');
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(sandbox.world.state.users.some(({ userName }) => userName === 'amira')).toBe(false);

    await page.keyboard.press('Tab');
    await page.keyboard.press('/');
    await page.keyboard.type('verifystores');
    await page.keyboard.press('Enter');
    await waitForFocus(page.getByRole('heading', { name: 'Verify all stores' }));
    await page.keyboard.press('Tab');
    await page.keyboard.type('true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const cancel = page.getByRole('button', { name: 'Cancel' });
    await cancel.waitFor();
    await waitForFocus(page.getByRole('button', { name: 'Send', exact: true }));
    for (let presses = 0; presses < 12 && (await cancel.and(page.locator(':focus')).count()) === 0; presses += 1) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await expect.poll(() => sandbox.requests.some(({ path }) => path.endsWith('/cancel-async'))).toBe(true);
  });

  test('the history of the run outlives the page, and repeats a call', async () => {
    const { url, sandbox } = await startTester();
    const page = await openPage(browser, url);
    await choose(page, 'GetUserInfo');
    await field(page, 'userName').fill('johndoe');
    await send(page);
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    await choose(page, 'GetUsers');
    await send(page);
    await page.getByRole('heading', { name: 'GetUsers', exact: true }).waitFor();

    await page.reload();
    await page.getByRole('button', { name: /^GetUserInfo.*done/ }).click();
    expect(await field(page, 'userName').inputValue()).toBe('johndoe');
    expect(await locateResponse(page).textContent()).toContain('"fullName": "John Doe"');
    sandbox.world.user('johndoe').fullName = 'John E. Doe';
    await page.getByRole('button', { name: /^Repeat GetUserInfo/ }).click();
    await expect.poll(async () => locateResponse(page).textContent()).toContain('"fullName": "John E. Doe"');
    expect(await page.locator('.history li').count()).toBe(3);
  });

  test('a call that is under way when its page is loaded again ends in the history of every page', async () => {
    const { url, sandbox } = await startTester();
    sandbox.faults.add('delay=25000:1@/api/invoke/GetUsers');
    const page = await openPage(browser, url);
    await choose(page, 'GetUsers');
    await send(page);
    await locateOutcome(page).getByText('Under way…').waitFor();
    const other = await openPage(browser, url);
    await other.getByRole('button', { name: /^GetUsers.*under way/ }).click();
    expect(await locateOutcome(other).textContent()).toBe('Under way…');
    await page.reload();
    for (const each of [page, other]) await each.getByRole('button', { name: /^GetUsers.*done/ }).waitFor();
    await locateOutcome(other)
      .getByText(/^Done in/)
      .waitFor();
    expect(await locateResponse(other).textContent()).toContain('"johndoe"');
  });

  test('what went wrong with the page itself is gone with the next thing that goes right', async () => {
    const { url } = await startTester();
    const page = await openPage(browser, url);
    await choose(page, 'GetUsers');
    await send(page);
    const entry = page.getByRole('button', { name: /^GetUsers.*done/ });
    await page.route('**/calls/1', async (route) => route.fulfill({ body: 'cut off' }));
    await entry.click();
    await page.getByRole('alert').waitFor();
    await page.unroute('**/calls/1');
    await entry.click();
    await expect.poll(async () => page.getByRole('alert').count()).toBe(0);
  });

  test.each([
    ['curl', 'As a curl command', /curl[\s\S]*GetUserInfo/],
    ['PowerShell', 'As a PowerShell command', /Invoke-\w+[\s\S]*GetUserInfo/],
    ['Terminal', 'As a command of the terminal', /mailstore-mcp.* call GetUserInfo userName=johndoe --state-dir/],
    ['MCP call', 'As an MCP call', /"get_user_info"[\s\S]*"userName": ?"johndoe"/],
  ])('a call is copied as %s, without the login', async (button, heading, text) => {
    const { url, sandbox } = await startTester();
    const page = await openPage(browser, url, { permissions: ['clipboard-read', 'clipboard-write'] });
    await choose(page, 'GetUserInfo');
    await field(page, 'userName').fill('johndoe');
    await send(page);
    await page.getByRole('button', { name: button, exact: true }).click();
    const dialog = page.getByRole('dialog', { name: heading });
    await dialog.getByText('It is in the clipboard.').waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toMatch(text);
    expect(copied).toBe(await dialog.getByRole('region').textContent());
    expect(copied).not.toContain(sandbox.password);
    await page.keyboard.press('Escape');
    await expect.poll(async () => dialog.count()).toBe(0);
    await waitForFocus(page.getByRole('button', { name: button, exact: true }));
  });

  test('an answer of thousands of rows is indented, and whole when it is asked for', async () => {
    const { url, sandbox } = await startTester();
    const { users } = sandbox.world.state;
    const johndoe = sandbox.world.user('johndoe');
    users.push(...Array.from({ length: 3000 }, (_, index) => ({ ...johndoe, userName: `user${index}` })));
    const page = await openPage(browser, url);
    await choose(page, 'GetUsers');
    await send(page);
    await page.getByRole('button', { name: 'Show all' }).waitFor();
    expect(await locateResponse(page).textContent()).toContain('\n      "userName": "johndoe",\n');
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(async () => locateResponse(page).textContent()).toContain('\n      "userName": "user2999",\n');
  });

  test('a server that cannot be reached is an answer too', async () => {
    const { url, sandbox } = await startTester();
    const page = await openPage(browser, url);
    await sandbox.close();
    await choose(page, 'GetUsers');
    await send(page);
    await expect.poll(async () => locateOutcome(page).textContent()).toContain('refuses connections');
  });

  test('nothing scrolls sideways at the width of a phone', async () => {
    const { url } = await startTester({ access: 'full', sandbox: { runSeconds: 0.2 } });
    const page = await openPage(browser, url, { viewport: { width: 360, height: 740 } });
    const excess = () => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(await excess()).toBe(0);
    for (const command of ['SetDirectoryServicesConfiguration', 'CreateJob', 'SetUserEmailAddresses', 'SetUserPassword']) {
      await choose(page, command);
      await page.getByRole('button', { name: 'Example' }).click();
      expect([command, await excess()]).toEqual([command, 0]);
    }
    await choose(page, 'GetUsers');
    await send(page);
    await locateOutcome(page)
      .getByText(/^Done in/)
      .waitFor();
    expect(await excess()).toBe(0);
    await page.getByRole('button', { name: 'Raw' }).click();
    expect(await excess()).toBe(0);
    await page.getByRole('button', { name: 'curl' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await excess()).toBe(0);
  });
});

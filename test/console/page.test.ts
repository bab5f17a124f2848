import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { hasTerminal } from '../helpers/run-in-terminal.ts';
import { callTool, startPipe, startServer, untilTestEnds, type RunningServer } from '../helpers/start-server.ts';
import { openPage, waitForFocus } from '../helpers/start-tester.ts';
import { hasBrowser, launchBrowser, startTesterProcess, type TesterProcess } from '../helpers/tester-process.ts';

const results = z.object({
  violations: z.array(z.object({ id: z.string(), impact: z.string().nullish(), nodes: z.array(z.object({ html: z.string() })) })),
});

/** Returns what axe-core finds serious or critical in the page as it stands. */
async function findSerious(page: Page, run: string): Promise<string[]> {
  const found = results.parse(await page.evaluate(run));
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

const ROOMS = ['Health', 'Runs', 'Storage', 'Access', 'Inbox', 'Record'] as const;

/** Opens a room by its link, and waits until it shows what it has read. */
async function visit(page: Page, room: (typeof ROOMS)[number]): Promise<void> {
  await page.getByRole('link', { name: new RegExp(`^${room}`) }).click();
  await page.getByRole('heading', { name: room, exact: true, level: 1 }).waitFor();
  for (const reading of ['Reading the archive…', 'Reading the record…', 'Verifying the record…']) {
    await page.getByText(reading, { exact: true }).waitFor({ state: 'detached' });
  }
}

/** Widths in pixels that a room has to fit: the last is a sheet of A4 between its margins. */
const SIZES = [
  ['phone', 360, 'screen'],
  ['200 % of 1280', 640, 'screen'],
  ['paper', 718, 'print'],
] as const;

const HOSTILE = '<img src=x onerror="alert(1)">';

describe.skipIf(!hasBrowser || !hasTerminal)('the console in a browser (skipped where /usr/bin/chromium is missing)', () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let server: RunningServer;
  let console: TesterProcess;
  beforeAll(async () => {
    [browser, sandbox] = await Promise.all([launchBrowser(), startSandbox({ seed: 'small', runSeconds: 0.2 })]);
    const { users, stores, jobs } = sandbox.world.state;
    for (const [index, row] of [...stores, ...jobs].entries()) row.name = `${HOSTILE} \u202Etxt.exe ${index}`;
    for (const user of users) user.fullName = HOSTILE;
    server = await startServer({ sandbox, access: 'full' });
    console = await startTesterProcess({ program: 'console', access: 'full', terminal: true, shared: sandbox, stateDir: server.stateDir });
  });
  afterAll(async () => {
    await Promise.all([browser.close(), console.close(), server.close()]);
    await sandbox.close();
  });

  test('every room of the console has no axe-core violation in light and dark, fits a phone, a window at 200 % and an upright sheet of paper, moves nothing, and shows text of the archive as text with what hides in it made visible', async () => {
    await callTool(server, 'delete_user', { userName: 'amira' });
    // The page's own policy would keep axe-core out.
    const page = await openPage(browser, console.url, {
      colorScheme: 'light',
      reducedMotion: 'reduce',
      bypassCSP: true,
      heading: 'Health',
    });
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.evaluate(axe.source);
    const seen: Record<string, unknown> = {};
    for (const room of ROOMS) {
      await visit(page, room);
      const light = await findSerious(page, 'axe.run()');
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await findSerious(page, `axe.run({ runOnly: ['color-contrast'] })`);
      await page.emulateMedia({ colorScheme: 'light' });
      const wide: string[] = [];
      for (const [name, width, media] of SIZES) {
        await page.emulateMedia({ media });
        await page.setViewportSize({ width, height: 740 });
        if (await page.evaluate('document.documentElement.scrollWidth > innerWidth')) wide.push(name);
      }
      await page.emulateMedia({ media: 'screen' });
      await page.setViewportSize({ width: 1440, height: 900 });
      const moving = await page.evaluate('document.getAnimations().length');
      const text = (await page.locator('body').textContent()) ?? '';
      seen[room] = { light, dark, wide, moving, images: await page.locator('img').count(), hides: text.includes('\u202E') };
      if (room === 'Runs' || room === 'Storage') expect([room, text.includes(`${HOSTILE} [U+202E]txt.exe`)]).toEqual([room, true]);
    }
    const fine = { light: [], dark: [], wide: [], moving: 0, images: 0, hides: false };
    expect(seen).toEqual(Object.fromEntries(ROOMS.map((room) => [room, fine])));
    expect(dialogs).toEqual([]);
  });

  test('the room of access that had no time for every account has a button that adds the next ones', async () => {
    const page = await openPage(browser, console.url, { heading: 'Health' });
    const users = sandbox.world.state.users.length;
    let asked = 0;
    await page.route('**/rooms/access?*', async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as {
        headline: string;
        view: { people: { userName: string }[]; rights: { userName: string }[] };
      };
      // The first answer has the first two accounts, as one of an archive of ten thousand has the first thousands.
      if (!route.request().url().includes('offset=')) {
        const people = answer.view.people.slice(0, 2);
        const rights = answer.view.rights.filter(({ userName }) => people.some((one) => one.userName === userName));
        answer.headline = `2 of ${users} accounts looked at.`;
        Object.assign(answer.view, { people, rights, nextOffset: 2 });
      } else asked += 1;
      await route.fulfill({ response, json: answer });
    });
    await visit(page, 'Access');
    await page.getByText(`Of ${users} accounts, 2 were looked at.`).waitFor();
    const onward = page.getByRole('button', { name: 'Look at the next accounts' });
    await onward.click();
    await page.getByText(`${users} of ${users} accounts looked at.`).waitFor();
    await onward.waitFor({ state: 'detached' });
    expect(asked).toBe(1);
    await page.getByRole('checkbox', { name: /^Also the rights/ }).check();
    await page
      .getByRole('rowheader', { name: /^johndoe/ })
      .first()
      .waitFor();
  });

  test('keys alone lead from the console’s calendar to the cause of a failed run, and its sheet prints without controls', async () => {
    const page = await openPage(browser, console.url, { heading: 'Health' });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    const calendar = page.getByRole('region', { name: 'Calendar of runs' });
    const days = calendar.getByRole('button');
    await days.first().waitFor();
    const failed = calendar.getByRole('button', { name: /: \d+ of \d+ runs? (?:failed|with errors)/ });
    await page.getByRole('button', { name: 'Print' }).focus();
    await page.keyboard.press('Tab');
    await waitForFocus(days.first());
    // Each key goes on to the next day that needs attention, and from the last one of a row to the rows below.
    for (const key of [...Array.from({ length: 30 }, () => 'ArrowRight'), ...Array.from({ length: 10 }, () => 'ArrowDown')]) {
      if ((await failed.and(page.locator(':focus')).count()) > 0) break;
      await page.keyboard.press(key);
    }
    await page.keyboard.press('Enter');
    const details = page.locator('section.details');
    await waitForFocus(details.getByRole('heading'));
    await details.getByRole('cell').first().waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false);
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
    expect(await calendar.isVisible()).toBe(true);
  });

  test('a person grants a waiting question in the console with the code of its terminal, and is announced the next one after a click', async () => {
    await callTool(server, 'delete_user', { userName: 'amira' });
    const page = await openPage(browser, console.url, { heading: 'Health', permissions: ['notifications'] });
    await page.evaluate(`
      globalThis.announced = [];
      globalThis.Notification = class { static permission = 'granted'; constructor(title, { body }) { announced.push(title + ': ' + body); } addEventListener() {} };
    `);
    await visit(page, 'Inbox');
    const question = page.getByRole('listitem').filter({ hasText: 'Delete user amira' });
    const code = console.nextCode();
    await question.getByRole('button', { name: 'Grant…' }).click();
    await page.getByRole('textbox', { name: 'Code from the terminal in which the console runs' }).fill(await code);
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Delete/ })
      .click();
    await page.getByText('Granted. The call can be made again now').waitFor();
    await question.waitFor({ state: 'detached' });
    expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(false);
    await callTool(server, 'delete_user', { userName: 'maria.lopez' });
    await page.getByRole('button', { name: 'Refuse' }).waitFor();
    expect(await page.evaluate('announced')).toEqual([
      expect.stringMatching(/^A question waits for you: Delete .*maria\.lopez.* at default$/),
    ]);
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.getByText('Refused.', { exact: true }).waitFor();
    await visit(page, 'Record');
    await page.getByRole('heading', { name: /Intact: \d+ lines/ }).waitFor();
    await page.getByText('Granted', { exact: true }).first().waitFor();
  });

  test('a line of the audit with a time that is none leaves the timeline of the console as it is', async () => {
    appendFileSync(join(server.stateDir, 'audit.jsonl'), `{"format":1,"time":"never","command":"${HOSTILE.replaceAll('"', '')}"}\n`);
    const page = await openPage(browser, console.url, { heading: 'Health' });
    await visit(page, 'Record');
    const timeless = page.getByRole('region', { name: 'Without a time' });
    expect(await timeless.textContent()).toContain('img src=x onerror=alert(1)');
    await page.getByRole('heading', { name: /^Not intact/ }).waitFor();
  });

  test('a console that has ended says so in every room, and offers nothing that it can no longer do', async () => {
    await callTool(server, 'delete_user', { userName: 'maria.lopez' });
    const page = await openPage(browser, console.url, { heading: 'Health', isLeft: true });
    await visit(page, 'Inbox');
    const question = page.getByRole('listitem').filter({ hasText: 'maria.lopez' });
    await question.waitFor();
    await console.end();
    await question.getByRole('button', { name: 'Refuse' }).click();
    await page.getByRole('alert').filter({ hasText: 'The console has ended.' }).waitFor();
    await page.getByText('Whether other questions wait is not known').waitFor();
    await question.getByRole('button', { name: 'Grant…', disabled: true }).waitFor();
    expect(await page.title()).toBe('Ended – MailStore console');
    for (const [room, says] of [
      ['Record', 'Whether the record is intact is not known'],
      ['Access', 'The console has ended.'],
    ] as const) {
      await page.getByRole('link', { name: room }).click();
      await page.getByText(says).first().waitFor();
      expect(await page.getByRole('button', { disabled: false }).count()).toBe(0);
    }
  });

  test('the official host of MCP Apps shows health, runs and storage inside of a chat, in its theme, and nothing of them reaches a network', async () => {
    const pipe = untilTestEnds(startPipe({ sandbox }));
    const extensions = { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } };
    const clientInfo = { name: 'host', version: '1' };
    await pipe.request('initialize', { protocolVersion: '2025-11-25', capabilities: { extensions }, clientInfo });
    pipe.notify('notifications/initialized');
    const host = await bundleHost();
    for (const [tool, room, shown] of [
      ['archive_health', 'health', 'Stores'],
      ['failed_runs', 'runs', 'no run, though one was due'],
      ['storage_report', 'storage', 'Growth and forecast'],
    ] as const) {
      const { result: view } = await pipe.request('resources/read', { uri: `ui://mailstore-mcp/${room}` });
      const { result } = await pipe.request('tools/call', { name: tool, arguments: {} });
      // What is left out of the text for a model is in the view.
      const { structuredContent } = result as { structuredContent: { notes?: readonly string[] } };
      structuredContent.notes = ['groups: 17 of 18 are shown.'];
      const page = await browser.newPage({ colorScheme: 'light' });
      const [requests, complaints]: [string[], string[]] = [[], []];
      await page.route('https://elsewhere.example/**', (route) => {
        requests.push(route.request().url());
        void route.fulfill({ body: 'reached', headers: { 'access-control-allow-origin': '*' } });
      });
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.setContent('<iframe id="view" sandbox="allow-scripts" style="width: 800px; height: 600px"></iframe>');
      await page.evaluate(host);
      const { contents } = view as { contents: readonly { text: string }[] };
      await page.evaluate(`showView(${JSON.stringify(contents[0]?.text)}, ${JSON.stringify(result)})`);
      const frame = page.frameLocator('#view');
      await frame.getByText(shown).first().waitFor();
      await frame.getByText('Not looked at').waitFor();
      expect(await frame.getByText('Could not be read').count()).toBe(0);
      if (room !== 'health') await frame.getByText(`${HOSTILE} [U+202E]txt.exe`).first().waitFor();
      expect([room, await frame.locator('img').count(), complaints]).toEqual([room, 0, []]);
      expect(await frame.locator('html').getAttribute('data-theme')).toBe('dark');
      await expect.poll(async () => page.evaluate('viewHeight')).toBeGreaterThan(100);
      const load = `fetch('https://elsewhere.example/').then(() => 'reached', () => 'refused')`;
      expect(await page.frames()[1]?.evaluate(load)).toBe('refused');
      expect(requests).toEqual([]);
      await page.close();
    }
  });
});

/** Returns a script with the official host of MCP Apps, which shows a document in the frame of the page and hands it a result. */
async function bundleHost(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { AppBridge, PostMessageTransport } from '@modelcontextprotocol/ext-apps/app-bridge';
        globalThis.viewHeight = 0;
        globalThis.showView = async (html, result) => {
          const { contentWindow } = document.getElementById('view');
          const bridge = new AppBridge(null, { name: 'host', version: '1' }, {}, { hostContext: { theme: 'dark' } });
          bridge.addEventListener('sizechange', ({ height }) => (globalThis.viewHeight = height));
          const initialized = new Promise((resolve) => bridge.addEventListener('initialized', resolve));
          await bridge.connect(new PostMessageTransport(contentWindow, contentWindow));
          document.getElementById('view').srcdoc = html;
          await initialized;
          await bridge.sendToolInput({ arguments: {} });
          await bridge.sendToolResult(result);
        };`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

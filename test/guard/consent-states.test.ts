import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConsentStates, type RedeemedState } from '../../src/guard/consent-states.ts';
import type { AskedQuestion } from '../../src/guard/prompter.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const TEN_MINUTES = 600_000;

const QUESTION: AskedQuestion = {
  tool: 'delete_user',
  target: 'default',
  argumentsKey: 'key-1',
  promptKey: 'prompt-1',
  prompt: 'Delete amira?',
  label: 'Delete amira',
};

function isRedeemed(state: RedeemedState | undefined): boolean {
  return state !== undefined;
}

function setUp() {
  const root = temporaryFolder();
  const folder = join(root, 'state');
  const clock = new ManualClock();
  /** What one process has: its own connection to the record, and its own copy of the key. */
  const open = (name = 'state') => {
    const journal = Journal.open(join(root, name), { clock });
    onTestFinished(() => journal.close());
    return new ConsentStates(join(root, name), journal.approvals, clock);
  };
  return { folder, clock, open, keyFile: join(folder, 'consent.key') };
}

/** Returns the state with other content, signed with this key. */
function signedBy(key: string | Uint8Array, state: string, change: (content: Record<string, unknown>) => unknown): string {
  const content = JSON.parse(Buffer.from(state.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const body = Buffer.from(JSON.stringify(change(content))).toString('base64url');
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

describe('the state of a question', () => {
  test('brings the answer to its call, once', async () => {
    const states = setUp().open();
    const state = states.issue(QUESTION);
    expect([
      isRedeemed(await states.redeem(QUESTION, state)),
      isRedeemed(await states.redeem(QUESTION, state)),
      isRedeemed(await states.redeem(QUESTION, state)),
    ]).toEqual([true, false, false]);
  });

  test('is another one each time, and each is good for itself', async () => {
    const states = setUp().open();
    const [first, second] = [states.issue(QUESTION), states.issue(QUESTION)];
    expect(first).not.toBe(second);
    expect([isRedeemed(await states.redeem(QUESTION, second)), isRedeemed(await states.redeem(QUESTION, first))]).toEqual([true, true]);
  });

  test('is used up for every process of the record, and for one that is started later', async () => {
    const { open, folder } = setUp();
    const [one, other] = [open(), open()];
    const [first, second] = [one.issue(QUESTION), one.issue(QUESTION)];
    expect([
      isRedeemed(await other.redeem(QUESTION, first)),
      isRedeemed(await one.redeem(QUESTION, first)),
      isRedeemed(await open().redeem(QUESTION, first)),
    ]).toEqual([true, false, false]);
    expect(await redeemInChild(folder, second)).toBe(true);
    expect([isRedeemed(await one.redeem(QUESTION, second)), await redeemInChild(folder, second)]).toEqual([false, false]);
  });

  test('belongs to one call: for another one it is no answer, and stays good for its own', async () => {
    const states = setUp().open();
    const state = states.issue(QUESTION);
    expect([
      isRedeemed(await states.redeem({ ...QUESTION, tool: 'detach_store' }, state)),
      isRedeemed(await states.redeem({ ...QUESTION, argumentsKey: 'key-2' }, state)),
      isRedeemed(await states.redeem({ ...QUESTION, tool: 'DELETE_USER' }, state)),
      isRedeemed(await states.redeem({ ...QUESTION, argumentsKey: '' }, state)),
      isRedeemed(await states.redeem(QUESTION, state)),
    ]).toEqual([false, false, false, false, true]);
  });

  test('is worth nothing where another record is kept', async () => {
    const { open } = setUp();
    expect(isRedeemed(await open('elsewhere').redeem(QUESTION, open().issue(QUESTION)))).toBe(false);
  });

  test('shows its client nothing of the key by which it is signed', () => {
    const { open, keyFile } = setUp();
    const state = open().issue(QUESTION);
    const key = readFileSync(keyFile);
    const told = [state, ...state.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))].join(' ');
    expect(['latin1', 'hex', 'base64', 'base64url'].filter((form) => told.includes(key.toString(form as BufferEncoding)))).toEqual([]);
  });
});

describe('a state that was not issued here', () => {
  test.each<[string, (state: string, other: string) => string]>([
    ['nothing', () => ''],
    ['a dot', () => '.'],
    ['text', () => 'yes'],
    ['only its content', (state) => state.split('.')[0] ?? ''],
    ['only its signature', (state) => `.${state.split('.')[1]}`],
    ['half a signature', (state) => state.slice(0, -20)],
    ['a longer signature', (state) => `${state}A`],
    ['another part', (state) => `${state}.${state}`],
    ['an empty part', (state) => `${state}.`],
    ['a blank', (state) => ` ${state}`],
    ['a line break', (state) => `${state}\n`],
    ['the signature of another state', (state, other) => `${state.split('.')[0]}.${other.split('.')[1]}`],
    ['no signature at all', (state) => signedBy('', state, (content) => content)],
    ['a signature by another key', (state) => signedBy('another key', state, (content) => content)],
    ['a signature by a key of zeros', (state) => signedBy(new Uint8Array(32), state, (content) => content)],
    [
      'a later end',
      (state) => `${signedBy('', state, (content) => ({ ...content, expiresAt: 9e15 })).split('.')[0]}.${state.split('.')[1]}`,
    ],
    ['text that is no JSON', (state) => `${Buffer.from('{').toString('base64url')}.${state.split('.')[1]}`],
  ])('is refused, and the issued one stays good: %s', async (_, forge) => {
    const states = setUp().open();
    const [state, other] = [states.issue(QUESTION), states.issue(QUESTION)];
    const forged = forge(state, other);
    expect(forged).not.toBe(state);
    expect([isRedeemed(await states.redeem(QUESTION, forged)), isRedeemed(await states.redeem(QUESTION, state))]).toEqual([false, true]);
  });

  test('can only be made by a reader of the key', async () => {
    const { open, keyFile } = setUp();
    const states = open();
    const state = states.issue(QUESTION);
    const forged = signedBy(readFileSync(keyFile), state, (content) => ({ ...content, nonce: 'another' }));
    expect(isRedeemed(await states.redeem(QUESTION, forged))).toBe(true);
  });
});

describe('time', () => {
  test('ends a question after ten minutes', async () => {
    const { open, clock } = setUp();
    const states = open();
    const [early, late] = [states.issue(QUESTION), states.issue(QUESTION)];
    await clock.advance(TEN_MINUTES - 1);
    expect(isRedeemed(await states.redeem(QUESTION, early))).toBe(true);
    await clock.advance(1);
    expect(isRedeemed(await states.redeem(QUESTION, late))).toBe(false);
  });

  test('time that is set back makes no used state new, even after its trace was cleared', async () => {
    const { open, clock } = setUp();
    const states = open();
    const used = states.issue(QUESTION);
    expect(isRedeemed(await states.redeem(QUESTION, used))).toBe(true);
    await clock.advance(TEN_MINUTES + 60_000);
    expect(isRedeemed(await states.redeem(QUESTION, states.issue(QUESTION)))).toBe(true);
    await clock.jump(-120_000);
    expect([isRedeemed(await states.redeem(QUESTION, used)), isRedeemed(await open().redeem(QUESTION, used))]).toEqual([false, false]);
  });

  test('time that is set back makes no question live longer', async () => {
    const { open, clock } = setUp();
    const states = open();
    const state = states.issue(QUESTION);
    await clock.jump(-3_600_000);
    expect(isRedeemed(await states.redeem(QUESTION, state))).toBe(false);
    expect(isRedeemed(await states.redeem(QUESTION, states.issue(QUESTION)))).toBe(true);
  });
});

describe('the key', () => {
  test('is made with the first question, and stays', async () => {
    const { open, folder, keyFile } = setUp();
    const states = open();
    expect(readdirSync(folder)).not.toContain('consent.key');
    const state = states.issue(QUESTION);
    const key = readFileSync(keyFile);
    expect(key.length).toBe(32);
    expect(isRedeemed(await open().redeem(QUESTION, state))).toBe(true);
    expect(readFileSync(keyFile)).toEqual(key);
  });

  test.skipIf(process.platform === 'win32')('is for its owner alone under any umask', () => {
    const { open, keyFile } = setUp();
    const states = open();
    const previous = process.umask(0);
    onTestFinished(() => void process.umask(previous));
    states.issue(QUESTION);
    process.umask(previous);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  });

  test.each([0, 1, 31, 33])('is written again where a process died while writing it, after %i bytes', async (length) => {
    const { open, keyFile } = setUp();
    const states = open();
    writeFileSync(keyFile, new Uint8Array(length), { mode: 0o600 });
    const state = states.issue(QUESTION);
    expect(readFileSync(keyFile).length).toBe(32);
    expect(isRedeemed(await open().redeem(QUESTION, state))).toBe(true);
  });

  test('the key that was lost voids the open questions, and the next ones are good', async () => {
    const { open, keyFile } = setUp();
    const state = open().issue(QUESTION);
    rmSync(keyFile);
    const states = open();
    expect([isRedeemed(await states.redeem(QUESTION, state)), isRedeemed(await states.redeem(QUESTION, states.issue(QUESTION)))]).toEqual([
      false,
      true,
    ]);
  });
});

/** Takes the answer in a process of its own, at the time of the clock that stands still here. */
async function redeemInChild(folder: string, state: string): Promise<unknown> {
  const url = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
  const program = `
    import { ConsentStates } from ${url('src/guard/consent-states.ts')};
    import { Journal } from ${url('src/journal/journal.ts')};
    const clock = { now: () => ${new ManualClock().now()}, monotonic: () => performance.now(), sleep: async () => undefined };
    const journal = Journal.open(process.env.FOLDER, { clock });
    const states = new ConsentStates(process.env.FOLDER, journal.approvals, clock);
    console.log((await states.redeem(JSON.parse(process.env.QUESTION), process.env.STATE)) !== undefined);
    journal.close();
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, FOLDER: folder, STATE: state, QUESTION: JSON.stringify(QUESTION) },
  });
  return JSON.parse(stdout);
}

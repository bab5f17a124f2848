import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../base/make-folder.ts';
import type { Clock } from '../base/clock.ts';
import { readErrno } from '../base/errno.ts';
import { CONSENT_MS } from '../base/limits.ts';
import type { ApprovalJournal } from '../journal/approval-journal.ts';
import type { AskedQuestion } from './prompter.ts';
import { READ_NO_LINK, REPLACE_NO_LINK } from '../base/no-link.ts';

const KEY_BYTES = 32;

/** Characters of the signature in an id: 120 bits. */
const ID_CHARACTERS = 20;

/** What a client gives back of a question, if the signature is ours. */
export interface RedeemedState {
  readonly promptKey: string;
  /** The text that was answered. */
  readonly prompt: string;
}

interface ConsentState extends RedeemedState {
  readonly tool: string;
  readonly argumentsKey: string;
  readonly nonce: string;
  readonly expiresAt: number;
}

/**
 * Signs the state that a question leaves with its client and takes it back once. The state travels through the client, and what comes back may be
 * from anybody: it has to be signed here, unexpired, about the very call that is made now, and never used before by any process of this record.
 */
export class ConsentStates {
  readonly #folder: string;
  readonly #approvals: ApprovalJournal;
  readonly #clock: Clock;
  #secret: Buffer | undefined;

  constructor(folder: string, approvals: ApprovalJournal, clock: Clock) {
    this.#folder = folder;
    this.#approvals = approvals;
    this.#clock = clock;
  }

  /** Returns the state of a question that is asked now. */
  issue({ tool, argumentsKey, promptKey, prompt }: AskedQuestion): string {
    const nonce = randomBytes(16).toString('hex');
    const state: ConsentState = { tool, argumentsKey, promptKey, prompt, nonce, expiresAt: this.#clock.now() + CONSENT_MS };
    const body = Buffer.from(JSON.stringify(state)).toString('base64url');
    return `${body}.${this.#sign(body)}`;
  }

  /** Returns, once, what a state says that was issued for this call and has not expired; undefined for any other text. */
  async redeem({ tool, argumentsKey }: AskedQuestion, text: string): Promise<RedeemedState | undefined> {
    const [body = '', signature = '', ...rest] = text.split('.');
    const expected = Buffer.from(this.#sign(body));
    const given = Buffer.from(signature);
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const state = JSON.parse(Buffer.from(body, 'base64url').toString()) as ConsentState;
    // A question of the future was asked before the clock was set back: its age is unknown.
    const isOfFuture = state.expiresAt > this.#clock.now() + CONSENT_MS;
    if (state.tool !== tool || state.argumentsKey !== argumentsKey || isOfFuture) return undefined;
    return (await this.#approvals.burn(state.nonce, state.expiresAt)) ? state : undefined;
  }

  /** Returns the id of something with this digest, such as a plan: short, signed, and good for as long as a question. */
  issueId(digest: string): { readonly id: string; readonly expiresAt: number } {
    const expiresAt = this.#clock.now() + CONSENT_MS;
    return { id: this.#makeId(digest, expiresAt), expiresAt };
  }

  /** True for an id that was issued here for this digest and has not expired. */
  isIssued(digest: string, id: string): boolean {
    const expiresAt = readExpiry(id);
    const now = this.#clock.now();
    if (!(expiresAt > now && expiresAt <= now + CONSENT_MS)) return false;
    const [expected, given] = [Buffer.from(this.#makeId(digest, expiresAt)), Buffer.from(id)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** Uses an id up. Returns false if it was used before by any process of this record. */
  async useId(id: string): Promise<boolean> {
    return this.#approvals.burn(id, readExpiry(id));
  }

  #makeId(digest: string, expiresAt: number): string {
    return `${expiresAt.toString(36)}-${this.#sign(`id ${expiresAt} ${digest}`).slice(0, ID_CHARACTERS)}`;
  }

  #sign(body: string): string {
    this.#secret ??= readOrMakeKey(this.#folder);
    return createHmac('sha256', this.#secret).update(body).digest('base64url');
  }
}

function readExpiry(id: string): number {
  return Number.parseInt(id.split('-', 1)[0] ?? '', 36);
}

/** The processes of one record share a key, so that an answer finds its question whichever of them it comes to. */
function readOrMakeKey(folder: string): Buffer {
  const path = join(folder, 'consent.key');
  makeFolder(folder);
  try {
    const key = randomBytes(KEY_BYTES);
    writeFileSync(path, key, { flag: 'wx', mode: 0o600 });
    return key;
  } catch (error) {
    if (readErrno(error) !== 'EEXIST') throw error;
  }
  const key = readKey(path);
  if (key.length === KEY_BYTES) return key;
  // Half a key was written by a process that died: questions that are open are asked again.
  const fresh = randomBytes(KEY_BYTES);
  const fd = openSync(path, REPLACE_NO_LINK);
  try {
    writeFileSync(fd, fresh);
  } finally {
    closeSync(fd);
  }
  return fresh;
}

/** Reads the key, and follows no link to it: who placed one knows the key that it leads to. */
function readKey(path: string): Buffer {
  const fd = openSync(path, READ_NO_LINK);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { MailStoreError } from '../base/errors.ts';
import type { Command } from '../catalogue/define-command.ts';
import { fieldTraits } from '../catalogue/fields.ts';
import { maskValue } from '../masking/mask-value.ts';

/** The placeholder of a secret that is typed at a prompt, or comes as a line of stdin. */
const PROMPTED = '-';

/**
 * Returns the written arguments with each secret that is `-` read from a prompt without echo, or from the next line of stdin where that is no
 * terminal. `warn` takes a sentence for each secret that was written into the command line. Throws MailStoreError where nothing is typed.
 */
export async function readSecrets(
  command: Command,
  written: Readonly<Record<string, string>>,
  { warn, isStdinTaken }: { readonly warn: (sentence: string) => void; readonly isStdinTaken: boolean },
): Promise<Readonly<Record<string, string>>> {
  const args: Record<string, string> = { ...written };
  let lines: string[] | undefined;
  for (const [given, value] of Object.entries(written)) {
    const name = Object.keys(command.input).find((known) => known.toLowerCase() === given.toLowerCase()) ?? given;
    const field = command.input[name];
    const isSecret = field !== undefined && fieldTraits(field).secret === true;
    if (isSecret && value === PROMPTED) {
      if (isStdinTaken) throw new MailStoreError('noSecretTyped', { argument: name, reason: '--arguments - takes all of stdin' });
      lines ??= process.stdin.isTTY ? undefined : (await text(process.stdin)).split(/\r?\n/);
      const typed = lines ? lines.shift() : await typeSecret(`${command.name} ${name}: `);
      if (typed === undefined || typed === '') throw new MailStoreError('noSecretTyped', { argument: name, reason: 'nothing was typed' });
      args[given] = typed;
    } else if (isSecret ? !/^\s*(?:\{|null$|$)/.test(value) : isMasked(value)) {
      const safer = isSecret ? `${name}=- asks for it, or reads it from a pipe` : `--arguments - reads the arguments from a pipe`;
      warn(`The secret in ${name} is part of the command line, which every user of this machine can list while this runs; ${safer}.`);
    }
  }
  return args;
}

function isMasked(value: string): boolean {
  const read = parseJson(value);
  return maskValue(read, { keepsReferences: true }) !== read;
}

function parseJson(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Asks on stderr, as stdout may be a pipe; what is typed is not shown. */
async function typeSecret(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    return await Promise.race([terminal.question('').catch(() => ''), closed]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

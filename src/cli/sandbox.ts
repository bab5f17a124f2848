import { MailStoreError } from '../base/errors.ts';
import { file, oneOf, text, wholeNumber, type SettingType, settingType, showNumber, showWhole } from '../config/setting-types.ts';
import { parseFault, type FaultKind } from '../sandbox/faults.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { defineAction, defineSubcommand, flag, option, type Given } from './define-subcommand.ts';
import { formatRows } from './help-text.ts';

const DIALECTS = ['both', 'modern', '2012'] as const;

const options = {
  port: option(wholeNumber(0, 65_535), 'the port to listen on; 0 takes a free one', 0),
  host: option(text('HOST'), 'the address to listen on', '127.0.0.1'),
  seed: option(text('SEED'), 'the name from which the archive is made', 'default'),
  runSeconds: option(seconds(), 'how long a long command takes', 3),
  dialect: option(oneOf(DIALECTS), 'the API versions to speak', 'both'),
  apiDisabled: flag('refuse connections, as a server whose API is switched off'),
  state: option(file(), 'keep the archive in this file from one start to the next'),
  fault: option(faults(), 'misbehave in these ways, listed below; none by default'),
  password: option(text('PASSWORD'), 'the password of admin; a random one by default'),
  json: flag('print address, login and fingerprint as one line of JSON'),
};

export const sandbox = defineSubcommand({
  name: 'sandbox',
  summary: 'run an emulated MailStore over HTTPS on its own',
  settings: 'none',
  action: defineAction({
    options,
    examples: [
      { line: 'sandbox', shows: 'address, login and certificate fingerprint of the emulated server' },
      { line: 'sandbox --port 8463 --json', shows: 'the same as one line for a program, on the port of MailStore' },
      { line: 'sandbox --fault delay=500,status-503:2@/api/get-status', shows: 'slow answers, and two failed questions for a status' },
    ],
    notes: () => `Faults, written as KIND[:COUNT][@PATH], where * in the path is any text:\n${formatRows(Object.entries(FAULT_WORDS))}`,
    run: runSandbox,
  }),
});

/** Runs the emulated MailStore until a signal ends it. */
async function runSandbox(given: Given<typeof options, object>): Promise<void> {
  const { port, host, seed, runSeconds, dialect, apiDisabled, state, fault, password: fixedPassword, json } = given;
  const server = await startSandbox({
    port,
    runSeconds,
    host,
    seed,
    dialect,
    ...(state !== undefined && { stateFile: state }),
    ...(fault !== undefined && { faults: fault }),
    ...(fixedPassword !== undefined && { password: fixedPassword }),
    apiDisabled,
  });
  // The reader of the line below may end this process at once.
  const end = () => void server.close().finally(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, end);
  const { url, username, password, fingerprint } = server;
  process.stdout.write(
    json
      ? `${JSON.stringify({ url, username, password, fingerprint })}\n`
      : `An emulated MailStore Server listens at ${url}\n  user         ${username}\n  password     ${password}\n  fingerprint  ${fingerprint}\nCtrl-C ends it.\n`,
  );
}

const FAULT_WORDS: Readonly<Record<FaultKind, string>> = {
  delay: 'every request waits first; delay=500 is half a second',
  drop: 'the command is carried out, and no answer comes',
  truncate: 'the answer breaks off in its middle',
  garbage: 'the answer is no JSON',
  'invalid-utf8': 'the answer is no UTF-8',
  html: 'a proxy answers with a page of its own',
  'status-503': 'a proxy answers that the service is not available',
  'status-502': 'a proxy answers that the gateway failed',
  'lost-end': 'the end of a long command is handed out, and does not arrive',
};

/** Faults as the sandbox reads them, separated by commas. */
function faults(): SettingType<readonly string[]> {
  return {
    placeholder: 'KIND,…',
    show: showWhole,
    read: (value, setting) => {
      const given = value.split(',').map((part) => part.trim());
      for (const part of given) {
        try {
          parseFault(part);
        } catch (error) {
          throw new MailStoreError('invalidFault', { setting, says: error instanceof Error ? error.message : String(error) });
        }
      }
      return given;
    },
  };
}

/** A number of seconds up to a day, fractions included. */
function seconds(): SettingType<number> {
  return settingType({
    placeholder: 'SECONDS',
    show: showNumber,
    read: (value, refusal) => {
      const number = Number(value);
      return value.trim() !== '' && number >= 0 && number <= 86_400 ? number : refusal.invalid('a number from 0 to 86400');
    },
  });
}

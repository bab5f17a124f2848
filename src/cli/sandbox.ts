import { MailStoreError } from '../base/errors.ts';
import { file, oneOf, text, wholeNumber, type SettingType } from '../config/setting-types.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { defineAction, defineSubcommand, flag, option, type Given } from './define-subcommand.ts';

const DIALECTS = ['both', 'modern', '2012'] as const;

const options = {
  port: option(wholeNumber(0, 65_535), 'the port to listen on; 0 takes a free one'),
  host: option(text('HOST'), 'the address to listen on'),
  seed: option(text('SEED'), 'the name from which the archive is made'),
  runSeconds: option(seconds(), 'how long a long command takes'),
  dialect: option(oneOf(DIALECTS), 'the API versions to speak'),
  apiDisabled: flag('refuse connections, as a server whose API is switched off'),
  state: option(file(), 'keep the archive in this file from one start to the next'),
  fault: option(text('KIND,…'), 'misbehave in these ways'),
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
      { line: 'sandbox --port 0 --json', shows: 'the same as one line for a program, on a free port' },
    ],
    run: runSandbox,
  }),
});

/** Runs the emulated MailStore until a signal ends it. */
async function runSandbox(given: Given<typeof options, object>): Promise<void> {
  const { port, host, seed, runSeconds, dialect, apiDisabled, state, fault, password: fixedPassword, json } = given;
  const server = await startSandbox({
    ...(port !== undefined && { port }),
    ...(runSeconds !== undefined && { runSeconds }),
    ...(host !== undefined && { host }),
    ...(seed !== undefined && { seed }),
    ...(dialect !== undefined && { dialect }),
    ...(state !== undefined && { stateFile: state }),
    ...(fault !== undefined && { faults: fault.split(',') }),
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

/** A number of seconds up to a day, fractions included. */
function seconds(): SettingType<number> {
  return {
    placeholder: 'SECONDS',
    read: (value, setting) => {
      const number = Number(value);
      if (value.trim() !== '' && number >= 0 && number <= 86_400) return number;
      throw new MailStoreError('invalidSetting', { setting, value, expected: 'a number from 0 to 86400' });
    },
  };
}

import { MailStoreError } from '../base/errors.ts';
import { startSandbox, type SandboxOptions } from '../sandbox/sandbox.ts';
import { readFlags } from './flags.ts';

const DIALECTS = ['both', 'modern', '2012'] as const;

/** Runs the emulated MailStore until it is told to end; `--json` prints one line that a program can read. */
export async function sandbox(args: readonly string[]): Promise<void> {
  const { values, switches } = readFlags(args, {
    values: ['--port', '--host', '--seed', '--run-seconds', '--dialect', '--state', '--fault', '--password'],
    switches: ['--json', '--api-disabled'],
  });
  const server = await startSandbox({
    ...(values['--port'] !== undefined && { port: numberOf('--port', values['--port'], 65_535) }),
    ...(values['--run-seconds'] !== undefined && { runSeconds: numberOf('--run-seconds', values['--run-seconds'], 86_400) }),
    ...(values['--host'] !== undefined && { host: values['--host'] }),
    ...(values['--seed'] !== undefined && { seed: values['--seed'] }),
    ...(values['--dialect'] !== undefined && { dialect: dialectOf(values['--dialect']) }),
    ...(values['--state'] !== undefined && { stateFile: values['--state'] }),
    ...(values['--fault'] !== undefined && { faults: values['--fault'].split(',') }),
    ...(values['--password'] !== undefined && { password: values['--password'] }),
    apiDisabled: switches.has('--api-disabled'),
  });
  // Whoever reads the line below may tell this process to end at once.
  const end = () => void server.close().finally(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, end);
  const { url, username, password, fingerprint } = server;
  process.stdout.write(
    switches.has('--json')
      ? `${JSON.stringify({ url, username, password, fingerprint })}\n`
      : `An emulated MailStore Server listens at ${url}\n  user         ${username}\n  password     ${password}\n  fingerprint  ${fingerprint}\nCtrl-C ends it.\n`,
  );
}

function numberOf(setting: string, value: string, max: number): number {
  const number = Number(value);
  if (value.trim() !== '' && number >= 0 && number <= max) return number;
  throw new MailStoreError('invalidSetting', { setting, value, expected: `a number from 0 to ${max}` });
}

function dialectOf(value: string): NonNullable<SandboxOptions['dialect']> {
  const dialect = DIALECTS.find((name) => name === value);
  if (dialect) return dialect;
  throw new MailStoreError('invalidSetting', { setting: '--dialect', value, expected: DIALECTS.join(', ') });
}

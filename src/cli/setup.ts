import { realpathSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import * as prompts from '@clack/prompts';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { joinWords } from '../base/join-words.ts';
import { ACCESS_LEVELS, type Access } from '../base/target.ts';
import { toVisible, toVisibleLine } from '../base/escape-hidden.ts';
import { KnownCommands } from '../client/known-commands.ts';
import { inspectConnection, type ServerCertificate } from '../client/inspect-connection.ts';
import { keepSettings, type KeptSettings } from '../config/kept-settings.ts';
import { loadKnownSettings } from '../config/load.ts';
import { mcpClients, thisMachine, type McpClient } from '../config/mcp-clients.ts';
import { settingList, settings } from '../config/settings.ts';
import { API_PORT, acceptSome, oneOf, text } from '../config/setting-types.ts';
import { defineAction, defineSubcommand, flag, option, type Given } from './define-subcommand.ts';
import { causes, describeCures, type Diagnosis } from './doctor/causes.ts';
import { checkServer, explainConnection } from './doctor/check-server.ts';
import { completeAddress } from './setup/complete-address.ts';
import type { ServerEntry } from './setup/edit-client-file.ts';
import { keepInFile, keepInKeychain, passwordFilePath, type KeptPassword } from './setup/keep-password.ts';
import { isInstalled, planClientFile, writeClientFile, type PlannedFile } from './setup/write-client-file.ts';

const CLIENT_IDS = mcpClients.map(({ id }) => id);
const STORES = ['keychain', 'file'] as const;

/** What each access level allows, as the dialogue explains it. */
const ACCESS_HINTS: Readonly<Record<Access, string>> = {
  'read-only': 'looks at everything and changes nothing',
  'read-write': 'also creates and changes; what destroys is refused, what gives power asks a person',
  full: 'everything; each destructive command asks a person',
};

const options = {
  yes: flag('ask nothing: take the options, the variables and the defaults'),
  print: flag('show what would be written, and write nothing'),
  user: option(text('NAME'), 'the MailStore administrator to log in as'),
  passwordStdin: flag('read the password from stdin'),
  store: option(oneOf(STORES), 'where to keep the password; the keychain where there is one'),
  clients: option(acceptSome(CLIENT_IDS), 'the clients to connect; those that are installed where it is left out'),
  name: option(text('NAME'), 'the name of the server in the clients', 'mailstore'),
};

type SetupGiven = Given<typeof options, object>;

export const setup = defineSubcommand({
  name: 'setup',
  summary: 'connect your MailStore and your clients, step by step',
  settings: 'all',
  action: defineAction({
    options,
    examples: [
      { line: 'setup', shows: 'a dialogue: address, certificate, login, access level, clients' },
      { line: 'setup --print', shows: 'the same, and writes nothing' },
      {
        line: 'setup --yes --url https://mail:8463 --user kim --password-stdin',
        shows: 'what was written, for scripts; with --fingerprint where no one vouches for the certificate',
      },
    ],
    run: runSetup,
  }),
});

/** Ends the dialogue with what was written until then. */
class Cancelled extends Error {
  constructor(message = 'Nothing was written.') {
    super(message);
  }
}

/** How the answers come about: from a person, or from the command line alone. */
interface Interview {
  address(known: string | undefined): Promise<string>;
  /** Says why a server cannot be reached. Throws where no other can be named. */
  unreachable(finding: Diagnosis): Promise<void>;
  /** Returns the fingerprint to pin. */
  certificate(origin: string, certificate: ServerCertificate, known: string | undefined): Promise<string>;
  login(known: EnteredLogin): Promise<EnteredLogin & { username: string; password: string }>;
  access(known: Access): Promise<Access>;
  store(): Promise<(typeof STORES)[number]>;
  clients(installed: readonly McpClient[]): Promise<readonly McpClient[]>;
  confirm(files: readonly PlannedFile[]): Promise<boolean>;
  /** True where a refused login may be corrected. */
  retry(findings: readonly Diagnosis[]): Promise<boolean>;
  say(message: string): void;
}

interface EnteredLogin {
  readonly username?: string;
  readonly password?: string;
}

async function runSetup(given: SetupGiven): Promise<void> {
  if (!given.yes && !(process.stdin.isTTY && process.stdout.isTTY)) throw new MailStoreError('noTerminal', { what: 'setup without --yes' });
  const interview = given.yes ? scriptedInterview(given) : dialogue();
  try {
    await conduct(interview, given);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    prompts.cancel(error.message);
    process.exitCode = 1;
  }
}

async function conduct(interview: Interview, { flags, print, user, passwordStdin, name }: SetupGiven): Promise<void> {
  const known = loadKnownSettings({
    flags: { ...flags, ...(flags['--url'] !== undefined && { '--url': completeAddress(flags['--url']) ?? flags['--url'] }) },
  });
  const { origin, certificate } = await chooseServer(interview, known);
  const fingerprint = await chooseTrust(interview, { origin, certificate, known });
  const piped = passwordStdin ? (await readAll(process.stdin)).replace(/\r?\n$/, '') : undefined;
  let login: EnteredLogin = { ...definedOnly({ username: user ?? known.username, password: piped ?? known.password }) };
  let tested: { username: string; password: string } | undefined;
  while (!tested) {
    const { username, password } = await interview.login(login);
    const findings = await checkServer(
      {
        name: 'default',
        origin,
        username,
        password,
        access: 'read-only',
        api: 'auto',
        edition: settings.edition.default,
        ...definedOnly({ fingerprint, ca: known.ca }),
      },
      20_000,
      print ? {} : { known: new KnownCommands(known.stateDir) },
    );
    const problems = findings.filter(({ cause }) => cause !== undefined && causes[cause].exitCode !== 'warning');
    if (problems.length === 0) {
      interview.say(
        findings
          .filter(({ check }) => check === 'login')
          .map(({ says }) => says)
          .join(' '),
      );
      tested = { username, password };
    } else if (!(await interview.retry(problems))) {
      process.exitCode = exitCodeFor(problems);
      return;
    }
    login = { username };
  }
  const access = await interview.access(known.access);
  const store = await interview.store();
  const kept = print
    ? plannedPassword(known.stateDir, origin, store)
    : keepPassword(interview, { stateDir: known.stateDir, origin, store, ...tested });
  const chosen: KeptSettings = {
    url: origin,
    username: tested.username,
    ...definedOnly({ passwordFile: kept.file, fingerprint, caFile: fingerprint === undefined ? known.caFile : undefined }),
    access,
  };
  const entry: ServerEntry = {
    command: process.execPath,
    args: [realpathSync(process.argv[1] ?? '')],
    env: Object.fromEntries(
      settingList.flatMap(({ key, env }) => {
        const value = chosen[key];
        return value === undefined ? [] : [[env, value]];
      }),
    ),
  };
  try {
    await connectClients(interview, { entry, name, print, keep: () => keepSettings(known.stateDir, chosen) });
  } catch (error) {
    if (print || !(error instanceof Cancelled)) throw error;
    throw new Cancelled(`No client was connected, and no settings were kept. The password stays in ${kept.where}.`);
  }
}

/** Returns a server that answers over TLS, with the certificate that it shows. A person is asked again until there is one. */
async function chooseServer(
  interview: Interview,
  known: { readonly origin?: string; readonly ca?: string },
): Promise<{ readonly origin: string; readonly certificate: ServerCertificate }> {
  for (let proposed = known.origin; ;) {
    const origin = await interview.address(proposed);
    const connection = await inspectConnection(origin, definedOnly({ ca: known.ca }));
    if (connection.kind === 'connected') return { origin, certificate: connection.certificate };
    await interview.unreachable(explainConnection(origin, connection));
    proposed = origin;
  }
}

/** Shows the certificate and returns the fingerprint to pin; undefined where the system or a CA of one's own trusts it already. */
async function chooseTrust(
  interview: Interview,
  { origin, certificate, known }: { origin: string; certificate: ServerCertificate; known: { readonly fingerprint?: string } },
): Promise<string | undefined> {
  if (certificate.untrusted === undefined && known.fingerprint === undefined) return undefined;
  if (known.fingerprint === certificate.fingerprint) return known.fingerprint;
  return interview.certificate(origin, certificate, known.fingerprint);
}

function describeCertificate(origin: string, { subject, issuer, validFrom, validTo, fingerprint }: ServerCertificate): string {
  const port = new URL(origin).port || '443';
  return [
    // The server that answers at this address chooses these words, and is not known yet.
    `Subject      ${toVisibleLine(excerpt(subject))}`,
    ...(issuer === subject ? [] : [`Issuer       ${toVisibleLine(excerpt(issuer))}`]),
    `Valid        ${validFrom.slice(0, 10)} to ${validTo.slice(0, 10)}${Date.parse(validTo) < Date.now() ? ', which is over: renew it' : ''}`,
    `SHA-256      ${fingerprint}`,
    '',
    'Compare it on the MailStore machine. Either in PowerShell there:',
    `$t=New-Object Net.Sockets.TcpClient('localhost',${port});$s=New-Object Net.Security.SslStream($t.GetStream(),$false,{$true});$s.AuthenticateAsClient('localhost');[BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($s.RemoteCertificate.GetRawCertData())).Replace('-',':')`,
    'or in the MailStore Server Service Configuration: open the server certificate and compare its details.',
  ].join('\n');
}

function plannedPassword(stateDir: string, origin: string, store: (typeof STORES)[number]): KeptPassword {
  return { where: store, ...(store === 'file' && { file: passwordFilePath(stateDir, origin) }) };
}

interface PasswordToKeep {
  readonly stateDir: string;
  readonly origin: string;
  readonly store: (typeof STORES)[number];
  readonly username: string;
  readonly password: string;
}

function keepPassword(interview: Interview, { stateDir, origin, store, username, password }: PasswordToKeep): KeptPassword {
  const inKeychain = store === 'keychain' ? keepInKeychain(origin, username, password) : undefined;
  const kept = inKeychain ?? keepInFile(stateDir, origin, password);
  const why = store === 'keychain' && !inKeychain ? 'The keychain cannot be used here. ' : '';
  interview.say(`${why}The password is in ${kept.where}.`);
  return kept;
}

interface Connection {
  readonly entry: ServerEntry;
  readonly name: string;
  readonly print: boolean;
  /** Keeps the settings for the terminal, and returns the file. */
  keep(): string;
}

async function connectClients(interview: Interview, { entry, name, print, keep }: Connection): Promise<void> {
  const machine = thisMachine();
  const chosen = await interview.clients(mcpClients.filter((client) => isInstalled(client, machine)));
  const files: PlannedFile[] = [];
  for (const client of chosen) {
    try {
      files.push(planClientFile(client, machine, name, entry));
    } catch (error) {
      interview.say(`${client.name}: '${client.file(machine)}' was left alone: ${error instanceof Error ? error.message : String(error)}.`);
      process.exitCode = 1;
    }
  }
  const servers = { [name]: entry };
  interview.say(JSON.stringify(chosen.length === 0 ? { mcpServers: servers } : servers, null, 2));
  for (const file of files) interview.say(`${file.client.name}: ${describePlan(file)} '${file.path}'.`);
  if (print) {
    interview.say('Nothing was written.');
    return;
  }
  const changed = files.filter(({ change }) => change !== 'none');
  if (changed.length > 0 && !(await interview.confirm(changed))) throw new Cancelled();
  for (const file of changed) {
    const backup = writeClientFile(file, new Date());
    interview.say(`${file.client.name}: wrote '${file.path}'${backup === undefined ? '' : `; before, it was '${backup}'`}.`);
  }
  interview.say(`In a terminal, mailstore-mcp call, console, tester, tasks and changes use the same settings, from '${keep()}'.`);
  interview.say(describeNext({ chosen, files, changed }));
}

function describePlan({ change }: PlannedFile): string {
  switch (change) {
    case 'none':
      return 'the same entry is in';
    case 'new file':
      return 'the entry makes a new file';
    case 'added':
      return 'the entry is added to';
    case 'replaced':
      return 'the entry of this name is replaced in';
  }
}

interface Connected {
  readonly chosen: readonly McpClient[];
  /** The files that have the entry now. */
  readonly files: readonly PlannedFile[];
  /** Those of them that were written. */
  readonly changed: readonly PlannedFile[];
}

/** Says what the person does next; of a client whose file was left alone, nothing. */
function describeNext({ chosen, files, changed }: Connected): string {
  const ask = 'then ask: is archiving working?';
  if (chosen.length === 0)
    return `No client was chosen. Add the entry above to the file of a client (Clients in README.md), restart it, ${ask}`;
  if (files.length === 0) return 'No client was connected. Correct what is said above, and run setup again.';
  const names = (of: readonly PlannedFile[]) => joinWords(of.map(({ client }) => client.name));
  return changed.length > 0 ? `Restart ${names(changed)}, ${ask}` : `${names(files)} had the entry before. If it runs, restart it, ${ask}`;
}

function scriptedInterview({ store, clients }: SetupGiven): Interview {
  const missing = (setting: string, hint: string) => new MailStoreError('missingSetting', { setting, hint });
  return {
    address: async (known) => known ?? raise(missing('--url', 'write --url https://host:8463.')),
    unreachable: async (finding) => {
      throw new MailStoreError('setupFailed', { says: finding.says, cure: describeCures(finding).join(' ') });
    },
    certificate: async (origin, { fingerprint }, known) => {
      if (known !== undefined) throw new MailStoreError('certificateMismatch', { origin, expected: known, seen: fingerprint });
      throw missing(
        '--fingerprint',
        `the certificate is not trusted. If its SHA-256 on the MailStore machine reads ${fingerprint}, write --fingerprint with it.`,
      );
    },
    login: async ({ username, password }) => ({
      username: username ?? raise(missing('--user', 'name the MailStore administrator to log in as.')),
      password: password ?? raise(missing('MAILSTORE_PASSWORD', 'set it, or pipe the password to --password-stdin.')),
    }),
    access: async (known) => known,
    store: async () => store ?? 'keychain',
    clients: async (installed) => (clients ? mcpClients.filter(({ id }) => clients.includes(id)) : installed),
    confirm: async () => true,
    retry: async (findings) => {
      for (const finding of findings)
        process.stderr.write(`mailstore-mcp: ${[toVisibleLine(finding.says), ...describeCures(finding)].join(' ')}\n`);
      return false;
    },
    say: (message) => void process.stdout.write(`${toVisible(message)}\n`),
  };
}

function dialogue(): Interview {
  prompts.intro('mailstore-mcp setup');
  return {
    address: async (known) => {
      const typed = await answer(
        prompts.text({
          message: `Where is MailStore? Write its host name or address; without a port, ${API_PORT} is taken.`,
          placeholder: `mailstore.example.com:${API_PORT}`,
          ...(known !== undefined && { initialValue: known }),
          validate: (value) => (completeAddress(value ?? '') === undefined ? 'Write a host name, or https://host:8463.' : undefined),
        }),
      );
      const origin = completeAddress(typed) ?? typed;
      prompts.log.info(`Connecting to ${origin}; nothing is sent yet.`);
      return origin;
    },
    unreachable: async (finding) => prompts.log.error(formatProblem(finding)),
    certificate: async (origin, certificate, known) => {
      prompts.log.message(describeCertificate(origin, certificate));
      if (known !== undefined && known !== certificate.fingerprint)
        prompts.log.warn(`Until now ${known} was pinned. Was the certificate renewed?`);
      const isSame = await answer(prompts.confirm({ message: 'Is this the fingerprint on the MailStore machine?', initialValue: false }));
      if (!isSame) throw new Cancelled();
      return certificate.fingerprint;
    },
    login: async ({ username: known }) => {
      const isFilled = (value: string | undefined) => ((value ?? '') === '' ? 'This cannot be empty.' : undefined);
      const username = await answer(
        prompts.text({ message: 'Which MailStore administrator?', initialValue: known ?? 'admin', validate: isFilled }),
      );
      return { username, password: await answer(prompts.password({ message: 'Password', validate: isFilled })) };
    },
    access: (known) =>
      answer(
        prompts.select({
          message: 'What may the assistant do?',
          initialValue: known,
          options: ACCESS_LEVELS.map((value) => ({ value, label: `${value}: ${ACCESS_HINTS[value]}` })),
        }),
      ),
    store: () =>
      answer(
        prompts.select({
          message: 'Where is the password kept?',
          initialValue: 'keychain',
          options: [
            { value: 'keychain' as const, label: 'keychain of the operating system; a file where there is none' },
            { value: 'file' as const, label: 'a file that only you can read' },
          ],
        }),
      ),
    clients: async (installed) => {
      const ids = await answer(
        prompts.multiselect({
          message: 'Which clients are connected?',
          required: false,
          initialValues: installed.map(({ id }) => id),
          options: mcpClients.map(({ id, name }) => ({
            value: id,
            label: installed.some((client) => client.id === id) ? name : `${name} (not found)`,
          })),
        }),
      );
      return mcpClients.filter(({ id }) => ids.includes(id));
    },
    confirm: (files) => {
      const isNew = files.every(({ change }) => change === 'new file');
      const which = files.length === 1 ? 'this file' : 'these files';
      return answer(prompts.confirm({ message: `Write ${which}?${isNew ? '' : ' A backup of what was there is kept.'}` }));
    },
    retry: async (findings) => {
      for (const finding of findings) prompts.log.error(formatProblem(finding));
      return answer(prompts.confirm({ message: 'Try again?' }));
    },
    say: (message) => prompts.log.message(toVisible(message)),
  };
}

function formatProblem(finding: Diagnosis): string {
  return [toVisibleLine(finding.says), ...describeCures(finding)].join('\n');
}

/** Returns what the person answered. Throws Cancelled where the dialogue was left. */
async function answer<Value>(asked: Promise<Value>): Promise<Exclude<Value, symbol>> {
  const value = await asked;
  if (prompts.isCancel(value)) throw new Cancelled();
  return value as Exclude<Value, symbol>;
}

function exitCodeFor([first]: readonly Diagnosis[]): number {
  const code = first?.cause && causes[first.cause].exitCode;
  return typeof code === 'number' ? code : 1;
}

function raise(error: Error): never {
  throw error;
}

/** Leaves out what is undefined. */
function definedOnly<Values extends object>(values: Values): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]?: Exclude<Values[Key], undefined>;
  };
}

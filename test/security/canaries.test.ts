import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { insights } from '../../tools/insights/index.ts';
import { prompts } from '../../tools/prompts/index.ts';
import { settingList as declaredSettings } from '../../src/config/settings.ts';
import { createAuthority } from '../helpers/certificates.ts';
import { canary, filesBelow, findCanaries, listForms, unquotedCanary, type Canary } from '../helpers/canaries.ts';
import { startEchoingMailStore, type EchoOptions } from '../helpers/echoing-mailstore.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { hasTerminal, runInTerminal } from '../helpers/run-in-terminal.ts';
import { modernMeta, startPipe, untilTestEnds, type Message, type Pipe } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const LOGIN = canary('login password');
const AUTHORIZATION = `Basic ${Buffer.from(`admin:${LOGIN.secret}`).toString('base64')}`;
/** The subject of a certificate cannot hold what separates its parts. */
const IN_SUBJECT = canary('password in a subject', ` ü&_'`);
const UNUSED = canary('unused variable');
const VARIABLE = canary('used variable');
const FILE = canary('secret file');
const STORED = canary('stored credential');
const STORED_IN_JOB = unquotedCanary('credential in a job');
const STORED_IN_END = canary('credential in the end of a run');

const LITERAL = {
  newUser: canary('password of a new user'),
  user: canary('password of a user'),
  smtp: canary('password of SMTP'),
  nested: canary('nested client secret'),
  inUrl: canary('password in a URL'),
  database: canary('password of a database'),
  directory: canary('password of the directory'),
  store: canary('key of a store'),
  action: unquotedCanary('password in an action'),
  connection: canary('password in a connection string', '+/=%<ü'),
};
const KNOWN = [LOGIN, UNUSED, VARIABLE, FILE];
const secretSettings = declaredSettings.filter(({ secret }) => secret);
const EVERY: readonly Canary[] = [...KNOWN, STORED, STORED_IN_JOB, ...Object.values(LITERAL)];

const ACTION = `RecoverStore --id="1" --encryptionKey="${LITERAL.action.secret}"`;

/** Where the password of the login is kept, and the settings and files that make it so. */
const PASSWORDS: readonly (readonly [string, (url: string, fingerprint: string, folder: string) => Record<string, string>])[] = [
  ['a variable', () => ({ MAILSTORE_PASSWORD: LOGIN.secret })],
  [
    'a file of its own',
    (_url, _fingerprint, folder) => {
      writeFileSync(join(folder, 'password'), `${LOGIN.secret}\n`, { mode: 0o600 });
      return { MAILSTORE_PASSWORD_FILE: join(folder, 'password') };
    },
  ],
  [
    'the configuration file',
    (url, fingerprint, folder) => {
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ url, username: 'admin', password: LOGIN.secret, fingerprint }), {
        mode: 0o600,
      });
      return { MAILSTORE_CONFIG: join(folder, 'config.json') };
    },
  ],
];

async function start(settingsOf = PASSWORDS[0]?.[1], kind: Partial<EchoOptions> = {}) {
  // The file's secret is known from the call that uses it on, and so is each that is written out.
  const mailstore = await startEchoingMailStore({
    known: [LOGIN, UNUSED, VARIABLE],
    awaited: [FILE, ...Object.values(LITERAL)],
    stored: STORED,
    storedInJob: STORED_IN_JOB,
    storedInEnd: STORED_IN_END,
    ...kind,
  });
  const folder = temporaryFolder();
  const [stateDir, secretsDir] = [join(folder, 'state'), join(folder, 'secrets')];
  mkdirSync(secretsDir);
  writeFileSync(join(secretsDir, 'amira.txt'), `${FILE.secret}\r\n`, { mode: 0o600 });
  const settings = {
    MAILSTORE_URL: mailstore.url,
    MAILSTORE_TLS_FINGERPRINT: mailstore.fingerprint,
    MAILSTORE_USERNAME: 'admin',
    MAILSTORE_API: 'modern',
    MAILSTORE_ACCESS: 'full',
    MAILSTORE_STATE_DIR: stateDir,
    MAILSTORE_SECRETS_DIR: secretsDir,
    MAILSTORE_SECRET_AMIRA: VARIABLE.secret,
    MAILSTORE_SECRET_NEVER: UNUSED.secret,
    MAILSTORE_LOG_LEVEL: 'debug',
    MAILSTORE_INLINE_WAIT_MS: '0',
    ...settingsOf?.(mailstore.url, mailstore.fingerprint, folder),
  };
  return { mailstore, stateDir, secretsDir, settings };
}

interface Client {
  /** Calls a tool, and says yes to a question. */
  call(name: string, args?: object): Promise<Message>;
  /** Calls a tool as a client that cannot ask. */
  callUnasked(name: string, args?: object): Promise<Message>;
}

function makeClient(pipe: Pipe): Client {
  const meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };
  const request = async (name: string, args: object, more: object = {}) =>
    pipe.request('tools/call', { _meta: meta, name, arguments: args, ...more });
  return {
    call: async (name, args = {}) => {
      const first = await request(name, args);
      if (first.result?.['resultType'] !== 'input_required') return first;
      const { inputRequests, requestState } = first.result;
      const typed = /: type (.+)$/.exec(
        JSON.parse(`"${/"title":"((?:[^"\\]|\\.)*)"/.exec(JSON.stringify(inputRequests))?.[1] ?? ''}"`) as string,
      )?.[1];
      const inputResponses = { confirm: { action: 'accept', content: { confirm: typed ?? true } } };
      return request(name, args, { requestState, inputResponses });
    },
    callUnasked: async (name, args = {}) => pipe.request('tools/call', { _meta: modernMeta, name, arguments: args }),
  };
}

/** Every call that carries a secret in its arguments. */
async function writeSecrets({ call, callUnasked }: Client): Promise<void> {
  await call('create_user', { userName: 'jane', privileges: ['login'], password: LITERAL.newUser.secret });
  await call('set_user_password', { userName: 'amira', password: LITERAL.user.secret });
  await call('set_user_password', { userName: 'amira', password: { fromEnv: 'MAILSTORE_SECRET_AMIRA' } });
  await call('set_user_password', { userName: 'amira', password: { fromFile: 'amira.txt' } });
  await call('set_user_password', { userName: 'amira', password: { generate: true } });
  const relays = [{ oauth: { clientSecret: LITERAL.nested.secret } }];
  const proxy = `https://amira:${encodeURIComponent(LITERAL.inUrl.secret)}@proxy.example.com`;
  await call('set_smtp_settings', { settings: { hostname: 'relay', note: null, url: null, password: LITERAL.smtp.secret, relays, proxy } });
  await call('attach_store', { name: 'SQL', type: 'SQLServer', serverName: 'db', userName: 'sa', password: LITERAL.database.secret });
  await call('set_directory_services_configuration', {
    config: { type: 'activeDirectory', note: null, url: null, password: LITERAL.directory.secret },
  });
  const dsn = `Server=db;User Id=sa;Password=${LITERAL.connection.secret};Database=x`;
  await call('set_store_auto_create_configuration', { config: { enabled: true, note: null, url: null, password: null, dsn } });
  await call('create_job', { name: 'Job', action: ACTION, owner: 'admin', time: '01:00' });
  await callUnasked('create_job', { name: 'Job', action: ACTION, owner: 'admin', time: '02:00' });
  await callUnasked('recover_store', { id: 1, encryptionKey: LITERAL.store.secret });
  await call('recover_store', { id: 1, encryptionKey: LITERAL.store.secret });
}

/** Calls that are refused, each for another reason. */
async function makeMistakes({ call }: Client): Promise<void> {
  await call('set_user_password', { userName: 'amira', passwort: LITERAL.user.secret });
  await call('set_user_password', { userName: 7, password: LITERAL.user.secret });
  await call('set_user_password', { userName: 'amira', password: [LITERAL.user.secret] });
  await call('set_user_password', { userName: 'amira', password: { fromEnv: LITERAL.user.secret } });
  await call('set_user_password', { userName: 'amira', password: { fromEnv: 'MAILSTORE_SECRET_AMIRRA' } });
  await call('set_smtp_settings', { settings: { password: '***', other: { password: LITERAL.smtp.secret } } });
  await call('create_job', { name: 'Job', action: 'CreateUser --password="***"', owner: 'admin', time: '01:00' });
  await call('attach_store', { name: 'SQL', type: 'Oracle', password: LITERAL.database.secret });
}

const READS = ['server_info', 'users', 'time_zones', 'active_sessions', 'service_configuration', 'retention_policies'];
const MORE_READS = [
  'credentials',
  'profiles',
  'smtp_settings',
  'directory_services_configuration',
  'stores',
  'jobs',
  'compliance_configuration',
];

/** Reads that are tried again because the connection breaks or the server is not there. */
async function readBroken({ call }: Client): Promise<void> {
  await Promise.all([call('get_license_information'), call('get_messages', { folder: 'amira' })]);
}

/** Reads whose answers, errors and pages say everything that the server knows. */
async function readAll({ call }: Client): Promise<void> {
  for (const name of [...READS, ...MORE_READS]) await call(`get_${name}`);
  await call('get_user_info', { userName: 'amira' });
  await call('get_credential_settings', { id: 1 });
  await call('get_child_folders');
  await call('get_worker_results', { fromIncluding: '2026-01-01', toExcluding: '2026-02-01' });
  await call('delete_user', { userName: 'amira' });
  await call('detach_store', { id: 1 });
  await call('run_job_async', { id: 1 });
  await call('set_job_enabled', { id: 2, enabled: true });
  await call('move_folder', { fromFolder: 'a', toFolder: 'b' });
}

/** Long commands that end in every way. */
async function runTasks({ call }: Client): Promise<void> {
  const started = [
    await call('verify_store', { id: 1, includeIndexes: true }),
    await call('verify_stores', { includeIndexes: true }),
    await call('refresh_all_store_statistics', {}),
    await call('rebuild_store_index', { id: 1, folder: 'amira' }),
    await call('compact_master_database', {}),
  ];
  await Promise.all(
    started.map(async ({ result }) => {
      const { taskId } = (result?.['structuredContent'] ?? {}) as { taskId?: string };
      await expect
        .poll(async () => JSON.stringify(await call('get_task_status', { taskId, waitSeconds: 10 })), { timeout: 120_000 })
        .toMatch(/succeeded|failed|unknown|%/);
    }),
  );
  const last = (started[4]?.result?.['structuredContent'] ?? {}) as { taskId?: string };
  await call('cancel_task', { taskId: last.taskId });
  await call('list_tasks');
  await call('list_changes');
  for (const number of [1, 2, 3]) await call('revert_change', { number });
}

/** Returns where a secret has come to light, other than the folder of secrets. */
function findLeaks(pipe: Pipe, stateDir: string, canaries: readonly Canary[]): readonly string[] {
  const outputs = new Map([...filesBelow(stateDir), ['stdout', Buffer.from(pipe.lines.join('\n'))], ['stderr', Buffer.from(pipe.stderr)]]);
  return [...outputs].flatMap(([where, bytes]) => findCanaries(bytes, canaries).map((found) => `${where}: ${found}`));
}

test('a secret is found in every form that it is written in', () => {
  for (const secret of EVERY) {
    for (const form of listForms(secret)) expect([form, findCanaries(`x${form}y`, [secret]).length > 0]).toEqual([form, true]);
    expect(findCanaries(Buffer.from(`amira:${secret.secret}`).toString('base64'), [secret])).not.toEqual([]);
  }
  expect(findCanaries('***', EVERY)).toEqual([]);
});

describe.each(PASSWORDS.slice(1))('with the password in %s', (_where, settingsOf) => {
  test('the server never says or keeps it, even if MailStore sends it back', async () => {
    const { mailstore, stateDir, settings } = await start(settingsOf);
    const pipe = untilTestEnds(startPipe({ env: settings }));
    await readAll(makeClient(pipe));
    expect(mailstore.requests.filter(({ headers }) => headers['authorization'] !== AUTHORIZATION)).toEqual([]);
    expect(findLeaks(pipe, stateDir, EVERY)).toEqual([]);
  });
});

test('no secret is in any byte that the server says or keeps, even if MailStore sends it back', async () => {
  const { mailstore, stateDir, secretsDir, settings } = await start();
  const pipe = untilTestEnds(startPipe({ env: settings }));
  const client = makeClient(pipe);
  await readBroken(client);
  await writeSecrets(client);
  await readAll(client);
  await makeMistakes(client);
  await runTasks(client);
  expect(mailstore.requests.filter(({ headers }) => headers['authorization'] !== AUTHORIZATION)).toEqual([]);
  const awaited = [FILE, ...Object.values(LITERAL)].map(({ what }) => what);
  expect(mailstore.heard.map(({ what }) => what).toSorted()).toEqual(awaited.toSorted());
  pipe.kill('SIGTERM');
  await pipe.exited;

  const [generated = ''] = readdirSync(secretsDir).filter((name) => name.startsWith('set_user_password'));
  const secret = readFileSync(join(secretsDir, generated), 'utf8').trim();
  expect(secret).toMatch(/^(?:\w{4}-){4}\w{4}$/);
  expect(mailstore.requests.some(({ body }) => body.includes(secret))).toBe(true);
  expect(findLeaks(pipe, stateDir, [...EVERY, { what: 'generated', secret, parts: [secret] }])).toEqual([]);
  // The bytes of an end are on the disk before anybody reads them, so the record holds what MailStore itself put there.
  expect(findLeaks(pipe, stateDir, [STORED_IN_END]).filter((leak) => !leak.includes('journal.sqlite'))).toEqual([]);
}, 300_000);

test('no secret is in what the other programs show of its record', async () => {
  const { stateDir, settings } = await start();
  const pipe = untilTestEnds(startPipe({ env: settings }));
  const client = makeClient(pipe);
  await writeSecrets(client);
  const { result } = await client.call('verify_store', { id: 1, includeIndexes: true });
  const { taskId = '' } = (result?.['structuredContent'] ?? {}) as { taskId?: string };
  await client.call('get_task_status', { taskId, waitSeconds: 10 });
  pipe.kill('SIGTERM');
  await pipe.exited;

  const folder = ['--state-dir', stateDir];
  const pending = await runBinary(['approve', '--json', ...folder]);
  const waiting = pending.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { approvalId: string }).approvalId);
  expect(waiting).toHaveLength(2);
  const shown = [
    pending,
    ...(await Promise.all(waiting.map(async (id) => askInTerminal(id, folder)))),
    ...(await Promise.all(
      [
        ['approve'],
        ['tasks'],
        ['tasks', 'list', '--json'],
        ['tasks', 'show', taskId],
        ['tasks', 'show', taskId, '--json'],
        ['changes'],
        ['changes', '--json'],
        ['changes', 'show', '1'],
        ['changes', 'show', '1', '--json'],
        ['audit', 'show', '--limit', '1000'],
        ['audit', 'show', '--limit', '1000', '--json'],
        ['audit', 'verify'],
        ['approve', waiting[0] ?? ''],
      ].map(async (args) => runBinary([...args, ...folder])),
    )),
  ];
  expect(shown.every(({ stdout, stderr }) => `${stdout}${stderr}`.length > 20)).toBe(true);
  const everything = shown.map(({ stdout, stderr }) => `${stdout}\n${stderr}`).join('\n');
  expect(everything).toContain('***');
  expect(findCanaries(everything, [...EVERY, STORED_IN_END])).toEqual([]);
}, 300_000);

test('no secret is in a resource, a completion, a prompt or the answer to a question, nor kept because of one', async () => {
  const { stateDir, settings } = await start(undefined, { isHealthy: true });
  const pipe = untilTestEnds(startPipe({ env: settings }));
  const client = makeClient(pipe);
  await writeSecrets(client);
  const ask = async (method: string, params: object = {}) => pipe.request(method, { _meta: modernMeta, ...params });
  const listed = JSON.stringify([await ask('resources/list'), await ask('resources/templates/list')]);
  const uris = [...new Set([...listed.matchAll(/"uri(?:Template)?":"([^"]+)"/g)].map(([, uri = '']) => uri))];
  const { result } = await client.call('list_tasks');
  const { items: [task] = [] } = (result?.['structuredContent'] ?? {}) as { readonly items?: readonly { readonly taskId: string }[] };
  const values: Readonly<Record<string, string>> = { userName: 'amira', id: '1', taskId: task?.taskId ?? 'none', tool: 'get_users' };
  const read = uris.map((uri) => uri.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? ''));
  expect(read.length).toBeGreaterThan(10);
  const pages = new Map<string, string>();
  for (const uri of read) pages.set(uri, JSON.stringify(await ask('resources/read', { uri })));
  for (const page of ['users', 'users/amira', 'stores', 'profiles', 'jobs', 'jobs/1']) {
    expect([page, pages.get(`mailstore://default/${page}`)]).toEqual([page, expect.stringContaining('***')]);
  }
  expect(pages.get('mailstore-mcp://audit')).toContain('***');
  for (const uri of uris.filter((one) => one.includes('{'))) {
    const [, name] = /\{(\w+)\}/.exec(uri) ?? [];
    await ask('completion/complete', { ref: { type: 'ref/resource', uri }, argument: { name, value: '' } });
  }
  for (const { name, arguments: args } of prompts) {
    const filled = Object.fromEntries(Object.keys(args).map((argument) => [argument, 'amira']));
    expect(await ask('prompts/get', { name, arguments: filled })).toMatchObject({ result: { messages: [{ role: 'user' }] } });
    for (const argument of Object.keys(args)) {
      await ask('completion/complete', { ref: { type: 'ref/prompt', name }, argument: { name: argument, value: '' } });
    }
  }
  for (const { name } of insights) {
    const answer = await client.call(name);
    expect([name, answer.result?.['isError'] ?? false]).toEqual([name, false]);
  }
  expect(findLeaks(pipe, stateDir, EVERY)).toEqual([]);
}, 120_000);

describe('no secret is in what a person sees who connects or looks for a fault', () => {
  const startNamed = async () => {
    const certificate = await (await createAuthority()).issue('127.0.0.1', { subject: IN_SUBJECT.secret });
    const known = [IN_SUBJECT, UNUSED, VARIABLE];
    const started = await start(() => ({ MAILSTORE_PASSWORD: IN_SUBJECT.secret }), { isHealthy: true, certificate, known });
    const { settings, stateDir } = started;
    const home = join(stateDir, '..');
    mkdirSync(join(home, '.cursor'));
    return { ...started, home, env: { ...settings, HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: join(home, '.config') } };
  };
  const WRONG = 'AB'.repeat(32);

  test('doctor shows no secret, even if the certificate, the list of commands and the answers repeat it', async () => {
    const { env } = await startNamed();
    const { MAILSTORE_TLS_FINGERPRINT: _, ...unpinned } = env;
    const runs = [env, { ...env, MAILSTORE_TLS_FINGERPRINT: WRONG }, unpinned, { ...env, MAILSTORE_API: 'legacy' }];
    const shown = await Promise.all(runs.flatMap((one) => [runBinary(['doctor'], one), runBinary(['doctor', '--json'], one)]));
    const everything = shown.map(({ stdout, stderr }) => `${stdout}\n${stderr}`);
    expect(everything.slice(0, 6).filter((page) => !page.includes('The certificate') && !page.includes('Pinned is'))).toEqual([]);
    expect(everything.slice(0, 6).filter((page) => !page.includes('***'))).toEqual([]);
    expect(findCanaries(everything.join('\n'), [IN_SUBJECT, UNUSED, VARIABLE])).toEqual([]);
  });

  test.runIf(hasTerminal)(
    'setup shows no secret, in a terminal and without one, and keeps the password in one file',
    async () => {
      const { env, home, mailstore } = await startNamed();
      const { MAILSTORE_URL: url, MAILSTORE_TLS_FINGERPRINT: fingerprint, ...others } = env;
      const rest = Object.fromEntries(Object.entries(others).filter(([name]) => name !== 'MAILSTORE_PASSWORD'));
      const scripted = ['setup', '--yes', '--print', '--url', url, '--user', 'admin', '--store', 'file'];
      const typed = await runInTerminal(
        ['setup'],
        [
          { after: 'Where is MailStore?', keys: `${url}\r` },
          { after: 'on the MailStore machine?', keys: 'y' },
          { after: 'Which MailStore administrator?', keys: '\r' },
          { after: 'Password', keys: `${IN_SUBJECT.secret}\r` },
          { after: 'What may the assistant do?', keys: '\r' },
          { after: 'Where is the password kept?', keys: '\u001B[B\r' },
          { after: 'Which clients are connected?', keys: '\r' },
          { after: 'Write this file?', keys: '\r' },
        ],
        rest,
        200,
      );
      const secret = { ...rest, MAILSTORE_PASSWORD: IN_SUBJECT.secret };
      const shown = [await runBinary([...scripted, '--fingerprint', fingerprint], secret), await runBinary(scripted, secret)].map(
        ({ stdout, stderr }) => `${stdout}\n${stderr}`,
      );
      expect(mailstore.requests.length).toBeGreaterThan(1);
      expect(shown[0]).toContain('admin is logged in');
      expect(typed.screen).toContain('admin is logged in');
      // The certificate is shown before the password is typed, so nothing can know it there.
      const afterwards = typed.screen.slice(typed.screen.indexOf('Password'));
      expect(findCanaries([...shown, afterwards].join('\n'), [IN_SUBJECT])).toEqual([]);
      const kept = [...filesBelow(home)].filter(([, bytes]) => findCanaries(bytes, [IN_SUBJECT]).length > 0).map(([path]) => path);
      expect(kept).toHaveLength(1);
      expect(readFileSync(kept[0] ?? '', 'utf8')).toBe(IN_SUBJECT.secret);
    },
    60_000,
  );
});

/** Shows a question to a person at a terminal, who says no. */
async function askInTerminal(id: string, folder: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  if (!hasTerminal) return { stdout: 'No terminal to be had here.', stderr: '' };
  const { screen } = await runInTerminal(['approve', id, ...folder], [{ after: ' to cancel:', type: 'no' }]);
  expect(screen).toContain('Arguments: {');
  return { stdout: screen, stderr: '' };
}

const NEED_A_YES = new Set(['SetUserPassword', 'SetSmtpSettings', 'CreateJob']);

test('no secret is in what a call from a terminal shows, not even as it went over the wire', async () => {
  const { mailstore, stateDir, settings } = await start();
  let files = 0;
  const call = async (command: string, args: object, ...flags: readonly string[]) => {
    const file = join(stateDir, '..', `arguments-${files++}.json`);
    writeFileSync(file, JSON.stringify(args), { mode: 0o600 });
    const line = ['call', command, '--arguments', file, ...flags];
    if (!NEED_A_YES.has(command)) return runBinary(line, settings);
    const { screen } = await runInTerminal(line, [{ after: ' to cancel:', type: 'yes' }], settings);
    return { stdout: screen, stderr: '' };
  };
  // What was written out is known to the program that it was given to; a later one would not know it.
  const told = [LOGIN, UNUSED, VARIABLE, STORED, STORED_IN_JOB, STORED_IN_END];
  const calls: readonly (readonly [command: string, args: object, ...Canary[]])[] = [
    ['SetUserPassword', { userName: 'amira', password: LITERAL.user.secret }, LITERAL.user],
    ['SetUserPassword', { userName: 'amira', password: { fromFile: 'amira.txt' } }, FILE],
    [
      'SetSmtpSettings',
      // What hides a secret when it is read has to be stated, or the call is refused.
      { settings: { note: null, url: null, password: LITERAL.smtp.secret, a: [{ secret: LITERAL.nested.secret }] } },
      LITERAL.smtp,
      LITERAL.nested,
    ],
    [
      'CreateJob',
      { name: 'Job', action: `CreateUser --password="${LITERAL.action.secret}"`, owner: 'admin', time: '01:00' },
      LITERAL.action,
    ],
    ['GetJobs', {}],
    ['GetProfiles', {}],
    ['GetUsers', {}],
    ['GetTimeZones', {}],
    ['GetRetentionPolicies', {}],
    ['GetServiceConfiguration', {}],
    ['VerifyStore', { id: 1, includeIndexes: true }],
    ['VerifyStores', { includeIndexes: true }],
  ];
  const formats = ['table', 'csv', 'yaml', 'json'].flatMap((format) =>
    ['GetJobs', 'GetStores'].map((command) => [command, format] as const),
  );
  const callRaw = async ([command, args, ...own]: (typeof calls)[number]) => {
    const { stdout, stderr } = await call(command, args, '--raw');
    expect(stdout).toContain('***');
    expect(findCanaries(`${stdout}\n${stderr}`, [...told, ...own])).toEqual([]);
    expect(own.filter((secret) => !mailstore.heard.includes(secret))).toEqual([]);
  };
  // Calls in a terminal have processes of their own, so that the two rows do not wait for each other's locks.
  const inTerminal = async () => {
    for (const one of calls) if (NEED_A_YES.has(one[0]) && hasTerminal) await callRaw(one);
  };
  const inPipe = async () => {
    for (const one of calls) if (!NEED_A_YES.has(one[0])) await callRaw(one);
    for (const [command, format] of formats) {
      const { stdout, stderr } = await call(command, {}, '-o', format);
      expect([command, format, stdout]).toEqual([command, format, expect.stringContaining('***')]);
      expect(findCanaries(`${stdout}\n${stderr}`, told)).toEqual([]);
    }
  };
  await Promise.all([inTerminal(), inPipe()]);
  const { stdout, stderr } = await call('GetCredentialSettings', { id: 1 });
  expect(findCanaries(`${stdout}\n${stderr}`, told)).toEqual([]);
  const kept = [...filesBelow(stateDir)].flatMap(([path, bytes]) =>
    findCanaries(bytes, [LOGIN, UNUSED, VARIABLE]).map((found) => `${path}: ${found}`),
  );
  expect(kept).toEqual([]);
}, 300_000);

describe('no secret is said or kept when the server breaks down', () => {
  test('because its record is destroyed under it', async () => {
    const { stateDir, settings } = await start();
    const pipe = untilTestEnds(startPipe({ env: settings }));
    const client = makeClient(pipe);
    await client.call('set_user_password', { userName: 'amira', password: LITERAL.user.secret });
    await client.call('verify_stores', { includeIndexes: true });
    writeFileSync(join(stateDir, 'journal.sqlite'), 'no database at all '.repeat(1000));
    const answers = [
      await client.call('set_user_password', { userName: 'amira', password: LITERAL.newUser.secret }),
      await client.call('recover_store', { id: 1, encryptionKey: LITERAL.store.secret }),
      await client.callUnasked('recover_store', { id: 1, encryptionKey: LITERAL.store.secret }),
      await client.call('rebuild_store_index', { id: 1, folder: 'amira' }),
    ];
    expect(answers.map(({ result }) => result?.['isError'])).toEqual([true, true, true, true]);
    await client.call('get_server_info');
    pipe.kill('SIGTERM');
    await pipe.exited;
    expect(findLeaks(pipe, stateDir, EVERY)).toEqual([]);
  });

  test('or is killed, and the next one takes its tasks over', async () => {
    const { stateDir, settings } = await start();
    const first = untilTestEnds(startPipe({ env: settings }));
    const { result } = await makeClient(first).call('rebuild_store_index', { id: 1, folder: 'amira' });
    const { taskId } = (result?.['structuredContent'] ?? {}) as { taskId?: string };
    // A start without a known end is no task that can be taken over.
    await expect
      .poll(async () => JSON.stringify(await makeClient(first).call('get_task_status', { taskId })))
      .toContain('"status":"running"');
    first.kill('SIGKILL');
    await first.exited;
    const second = untilTestEnds(startPipe({ env: settings }));
    const polled = await makeClient(second).call('get_task_status', { taskId, waitSeconds: 2 });
    expect(JSON.stringify(polled)).toContain('***');
    expect([...findLeaks(first, stateDir, EVERY), ...findLeaks(second, stateDir, EVERY)]).toEqual([]);
  });

  test.each([
    ['an address with the login in it', { MAILSTORE_URL: `https://admin:${encodeURIComponent(LOGIN.secret)}@127.0.0.1:1` }],
    ['an address that is none', { MAILSTORE_URL: `admin:${LOGIN.secret}@127.0.0.1` }],
    ['a configuration file that is cut off', { MAILSTORE_CONFIG: 'cut.json' }],
    ['a misspelt variable', { MAILSTORE_PASSWROD: LOGIN.secret }],
    ['an option with a password', { args: `--password=${LOGIN.secret}` }],
  ])('or is configured wrongly, with %s', async (_what, { args, ...wrong }: Record<string, string>) => {
    const { stateDir, settings } = await start();
    const file = join(stateDir, '..', 'cut.json');
    writeFileSync(file, `{"password": ${JSON.stringify(LOGIN.secret)}, "url": `);
    const env = { ...settings, ...wrong, ...(wrong['MAILSTORE_CONFIG'] !== undefined && { MAILSTORE_CONFIG: file }) };
    const pipe = untilTestEnds(startPipe({ env, ...(args !== undefined && { args: [args] }) }));
    await pipe.request('server/discover', { _meta: modernMeta });
    const { result } = await makeClient(pipe).call('get_users');
    expect(result).toMatchObject({ isError: true });
    pipe.endInput();
    expect(await pipe.exited).toEqual({ code: 2, signal: null });
    expect(pipe.stderr).not.toBe('');
    expect(findLeaks(pipe, stateDir, EVERY)).toEqual([]);
  });
});

test('no setting that is a secret can be given where every user of the machine sees it', () => {
  expect(secretSettings.map(({ key }) => key)).toEqual(['password']);
  expect(secretSettings.filter(({ flag }) => flag !== undefined)).toEqual([]);
});

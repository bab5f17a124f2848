import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, loadStateDir, type Config } from '../../src/config/load.ts';
import { settingList } from '../../src/config/settings.ts';
import { TOOLSETS } from '../../src/catalogue/define-command.ts';
import { createAuthority } from '../helpers/certificates.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const MINIMAL = { MAILSTORE_URL: 'https://mail.example.com:8463', MAILSTORE_USERNAME: 'admin', MAILSTORE_PASSWORD: 'secret' };
const PIN = Array.from({ length: 32 }, (_, index) => (index + 160).toString(16).toUpperCase()).join(':');
const OTHER_PIN = PIN.replace(/^A0/, 'FF');

type Texts = Readonly<Record<string, string>>;

function load(env: Texts = {}, flags: Texts = {}): Config {
  return loadConfig({ env: { ...MINIMAL, ...env }, flags });
}

/** Writes a file that is gone when the test is over, and returns its path. */
function writeTemporary(content: string | Buffer, name = 'file'): string {
  const folder = temporaryFolder();
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** True where `action` throws an error whose message has `text`. */
function throwsWith(action: () => void, text: string): boolean {
  try {
    action();
  } catch (error) {
    return error instanceof Error && error.message.toLowerCase().includes(text.toLowerCase());
  }
  return false;
}

const configFile = (value: unknown) => writeTemporary(JSON.stringify(value), 'config.json');

test('address and login are enough, everything else has a default', () => {
  expect(load({ MAILSTORE_STATE_DIR: '/var/lib/state' })).toEqual({
    targets: [
      {
        name: 'default',
        origin: 'https://mail.example.com:8463',
        username: 'admin',
        password: 'secret',
        access: 'read-only',
        api: 'auto',
        edition: 'server',
      },
    ],
    access: 'read-only',
    toolsets: TOOLSETS,
    surface: 'full',
    stateDir: '/var/lib/state',
    secretVariables: {},
    timeoutMs: 40_000,
    inlineWaitMs: 2000,
    logLevel: 'info',
  });
});

test('every setting can be written in the environment', async () => {
  const { certificate } = await createAuthority();
  const env = {
    MAILSTORE_URL: 'https://other.example.com:8463',
    MAILSTORE_SECRETS_DIR: '/secrets',
    MAILSTORE_USERNAME: 'operator',
    MAILSTORE_PASSWORD: '',
    MAILSTORE_PASSWORD_FILE: writeTemporary('from the file\n'),
    MAILSTORE_TLS_FINGERPRINT: PIN,
    MAILSTORE_CA_FILE: writeTemporary(certificate),
    MAILSTORE_ACCESS: 'full',
    MAILSTORE_API: 'legacy-xml',
    MAILSTORE_EDITION: 'server',
    MAILSTORE_TOOLSETS: 'users, stores',
    MAILSTORE_SURFACE: 'compact',
    MAILSTORE_TIME_ZONE: 'Europe/Berlin',
    MAILSTORE_STATE_DIR: '/state',
    MAILSTORE_TIMEOUT_MS: '1500',
    MAILSTORE_INLINE_WAIT_MS: '0',
    MAILSTORE_LOG_LEVEL: 'debug',
    MAILSTORE_CONFIG: configFile({}),
  };
  expect(settingList.map(({ env: variable }) => variable).toSorted()).toEqual(Object.keys(env).toSorted());
  expect(load(env)).toEqual({
    targets: [
      {
        name: 'default',
        origin: 'https://other.example.com:8463',
        username: 'operator',
        password: 'from the file',
        fingerprint: PIN,
        ca: certificate,
        access: 'full',
        api: 'legacy-xml',
        edition: 'server',
      },
    ],
    access: 'full',
    toolsets: ['users', 'stores'],
    surface: 'compact',
    timeZone: 'Europe/Berlin',
    stateDir: '/state',
    secretsDir: '/secrets',
    secretVariables: {},
    timeoutMs: 1500,
    inlineWaitMs: 0,
    logLevel: 'debug',
  });
});

describe('precedence', () => {
  test.each<[string, Texts, Texts, unknown, string]>([
    ['the default', {}, {}, {}, 'read-only'],
    ['the file', {}, {}, { access: 'read-write' }, 'read-write'],
    ['the environment', { MAILSTORE_ACCESS: 'full' }, {}, { access: 'read-write' }, 'full'],
    ['the flag', { MAILSTORE_ACCESS: 'full' }, { '--access': 'read-only' }, { access: 'read-write' }, 'read-only'],
  ])('%s holds where nothing stronger says otherwise', (_, env, flags, file, access) => {
    expect(load(env, { ...flags, '--config': configFile(file) }).access).toBe(access);
  });

  test('the flag names the file, and the variable does where there is no flag', () => {
    const [first, second] = [configFile({ logLevel: 'warn' }), configFile({ logLevel: 'error' })];
    expect([load({ MAILSTORE_CONFIG: first }, { '--config': second }).logLevel, load({ MAILSTORE_CONFIG: first }).logLevel]).toEqual([
      'error',
      'warn',
    ]);
  });

  test('every flag of the settings is read', () => {
    const flags = {
      '--url': 'https://flag.example.com:1',
      '--fingerprint': PIN,
      '--ca-file': '',
      '--access': 'full',
      '--api': 'modern',
      '--edition': 'server',
      '--toolsets': 'all',
      '--surface': 'compact',
      '--time-zone': 'America/New_York',
      '--state-dir': '/flag',
      '--config': '',
    };
    expect(settingList.flatMap(({ flag }) => flag ?? []).toSorted()).toEqual(Object.keys(flags).toSorted());
    expect(load({}, flags)).toMatchObject({
      targets: [{ origin: 'https://flag.example.com:1', fingerprint: PIN, access: 'full', api: 'modern' }],
      surface: 'compact',
      timeZone: 'America/New_York',
      stateDir: '/flag',
    });
  });

  test.each(['MAILSTORE_ACCESS', 'MAILSTORE_TLS_FINGERPRINT', 'MAILSTORE_CONFIG', 'MAILSTORE_CA_FILE', 'MAILSTORE_TIMEOUT_MS'])(
    'an empty %s counts as not set',
    (variable) => {
      expect(load({ [variable]: '' })).toEqual(load());
    },
  );

  test('an empty text in the file counts as not set', () => {
    expect(load({}, { '--config': configFile({ access: '', fingerprint: '', timeoutMs: '' }) })).toEqual(load());
  });

  test.each<[string, Texts, unknown, string]>([
    ['the environment’s password over the file’s password file', { MAILSTORE_PASSWORD: 'env' }, { passwordFile: '/none' }, 'env'],
    ['the environment’s password over the file’s password', { MAILSTORE_PASSWORD: 'env' }, { password: 'file' }, 'env'],
    ['the file’s password where the environment has none', { MAILSTORE_PASSWORD: '' }, { password: 'file' }, 'file'],
  ])('%s', (_, env, file, password) => {
    expect(load(env, { '--config': configFile(file) }).targets[0]?.password).toBe(password);
  });

  test('the environment’s password file stands over the file’s password', () => {
    const env = { MAILSTORE_PASSWORD: '', MAILSTORE_PASSWORD_FILE: writeTemporary('env\n') };
    expect(load(env, { '--config': configFile({ password: 'file' }) }).targets[0]?.password).toBe('env');
  });
});

describe('what is refused', () => {
  test.each<[Texts, string]>([
    [{ MAILSTORE_ACESS: 'full' }, 'Unknown setting MAILSTORE_ACESS; did you mean MAILSTORE_ACCESS?'],
    [{ MAILSTORE_FINGERPRINT: 'x' }, 'Unknown setting MAILSTORE_FINGERPRINT; did you mean MAILSTORE_TLS_FINGERPRINT?'],
    [{ MAILSTORE_READ_ONLY: '' }, 'Unknown setting MAILSTORE_READ_ONLY; did you mean MAILSTORE_ACCESS?'],
    [{ MAILSTORE_READONLY: 'true' }, 'Unknown setting MAILSTORE_READONLY; did you mean MAILSTORE_ACCESS?'],
    [{ MAILSTORE_USER: 'admin' }, 'Unknown setting MAILSTORE_USER; did you mean MAILSTORE_USERNAME?'],
    [{ MAILSTORE_HOST: 'a' }, 'Unknown setting MAILSTORE_HOST; did you mean MAILSTORE_URL?'],
    [{ MAILSTORE_URI: 'x' }, 'Unknown setting MAILSTORE_URI; did you mean MAILSTORE_URL?'],
    [{ MAILSTORE_PASSWROD: 'x' }, 'Unknown setting MAILSTORE_PASSWROD; did you mean MAILSTORE_PASSWORD?'],
    [{ mailstore_access: 'full' }, 'Unknown setting mailstore_access; did you mean MAILSTORE_ACCESS?'],
    [
      { MAILSTORE_USERNAME: '${input:user}' },
      "MAILSTORE_USERNAME holds the placeholder '${input:user}', which the client did not replace by a value;",
    ],
    [{ MAILSTORE_PASSWORD: '${MAILSTORE_PASSWORD}' }, "MAILSTORE_PASSWORD holds the placeholder '${MAILSTORE_PASSWORD}'"],
    [{ MAILSTORE_PASSWORD: '${user_config.password}' }, "MAILSTORE_PASSWORD holds the placeholder '${user_config.password}'"],
    [{ MAILSTORE_PASSWORD: '%MAILSTORE_PASSWORD%' }, "MAILSTORE_PASSWORD holds the placeholder '%MAILSTORE_PASSWORD%'"],
    [{ MAILSTORE_PASSWORD: '$env:MAILSTORE_PASSWORD' }, "MAILSTORE_PASSWORD holds the placeholder '$env:MAILSTORE_PASSWORD'"],
    [{ MAILSTORE_PASSWORD: '__encrypted__:djEwabc' }, "MAILSTORE_PASSWORD holds the placeholder '__encrypted__:…'"],
    [{ MAILSTORE_SECRET_DB: '${input:db}' }, "MAILSTORE_SECRET_DB holds the placeholder '${input:db}'"],
    [{ MAILSTORE_URL: 'https://${HOST}:8463' }, "MAILSTORE_URL holds the placeholder '${HOST}'"],
    [{ MAILSTORE_ACCESS: '${user_config.access}' }, "MAILSTORE_ACCESS holds the placeholder '${user_config.access}'"],
    [{ MAILSTORE_STATE_DIR: '%LOCALAPPDATA%\\mailstore' }, "MAILSTORE_STATE_DIR holds the placeholder '%LOCALAPPDATA%'"],
    [{ MAILSTORE_STATE_DIR: './state' }, `MAILSTORE_STATE_DIR is './state', which is a relative path; write '${process.cwd()}/state'.`],
    [
      { MAILSTORE_STATE_DIR: '~/state' },
      `MAILSTORE_STATE_DIR is '~/state', which begins with ~, which only a shell replaces; write '${homedir()}/state'.`,
    ],
    [{ MAILSTORE_STATE_DIR: '"/srv/state"' }, `MAILSTORE_STATE_DIR is '"/srv/state"', which is in quotes; write '/srv/state'.`],
    [
      { MAILSTORE_CONFIG: '~/m.json' },
      `MAILSTORE_CONFIG is '~/m.json', which begins with ~, which only a shell replaces; write '${homedir()}/m.json'.`,
    ],
    [
      { MAILSTORE_CONFIG: 'm.json' },
      `cannot be read: there is no such file (ENOENT); correct the path, or create the file; it was looked for at '${process.cwd()}/m.json', so write the whole path.`,
    ],
    [{ MAILSTORE_CA_FILE: "'/ca.pem'" }, "MAILSTORE_CA_FILE is ''/ca.pem'', which is in quotes; write '/ca.pem'."],
    [{ MAILSTORE_ACCESS: 'all' }, "MAILSTORE_ACCESS is 'all', but must be read-only, read-write, full (did you mean full?)."],
    [{ MAILSTORE_ACCESS: 'Full' }, "MAILSTORE_ACCESS is 'Full', but must be read-only, read-write, full (did you mean full?)."],
    [
      { MAILSTORE_ACCESS: 'readonly' },
      "MAILSTORE_ACCESS is 'readonly', but must be read-only, read-write, full (did you mean read-only?).",
    ],
    [{ MAILSTORE_API: '2012' }, "MAILSTORE_API is '2012', but must be auto, modern, legacy, legacy-xml"],
    [{ MAILSTORE_EDITION: 'spe' }, "MAILSTORE_EDITION is 'spe', but must be server."],
    [{ MAILSTORE_LOG_LEVEL: 'verbose' }, "MAILSTORE_LOG_LEVEL is 'verbose', but must be error, warn, info, debug."],
    [{ MAILSTORE_TOOLSETS: 'users,mails' }, "MAILSTORE_TOOLSETS is 'mails', but must be all, or some of insights, "],
    [{ MAILSTORE_TOOLSETS: 'user,stores' }, 'sessions, license (did you mean users?).'],
    [{ MAILSTORE_TOOLSETS: ',' }, "MAILSTORE_TOOLSETS is '', but must be all, or some of insights, "],
    [{ MAILSTORE_TIME_ZONE: 'W. Europe Standard Time' }, 'but must be an IANA time zone such as Europe/Berlin or UTC'],
    [{ MAILSTORE_TIME_ZONE: 'GMT+1' }, 'but must be an IANA time zone such as Europe/Berlin or UTC'],
    [{ MAILSTORE_CA_FILE: '-----BEGIN CERTIFICATE-----\nMII' }, 'but must be the path of a file of certificates in PEM form'],
    [{ MAILSTORE_TIMEOUT_MS: '0' }, "MAILSTORE_TIMEOUT_MS is '0', but must be a whole number of milliseconds from 1 to 600000."],
    [{ MAILSTORE_TIMEOUT_MS: '1e3' }, "MAILSTORE_TIMEOUT_MS is '1e3', but must be a whole number of milliseconds from 1 to 600000."],
    [{ MAILSTORE_TIMEOUT_MS: '-1' }, "MAILSTORE_TIMEOUT_MS is '-1', but must be a whole number of milliseconds from 1 to 600000."],
    [{ MAILSTORE_TIMEOUT_MS: '600001' }, "MAILSTORE_TIMEOUT_MS is '600001', but must be a whole number of milliseconds from 1 to 600000."],
    [
      { MAILSTORE_INLINE_WAIT_MS: '45001' },
      "MAILSTORE_INLINE_WAIT_MS is '45001', but must be a whole number of milliseconds from 0 to 45000.",
    ],
    [{ MAILSTORE_INLINE_WAIT_MS: '2 s' }, "MAILSTORE_INLINE_WAIT_MS is '2 s', but must be a whole number of milliseconds from 0 to 45000."],
    [
      { MAILSTORE_URL: '' },
      'MAILSTORE_URL is not set; set it to https://host:8463, run mailstore-mcp setup, or try the embedded server with --sandbox.',
    ],
    [{ MAILSTORE_USERNAME: '' }, 'MAILSTORE_USERNAME is not set; name the MailStore administrator to log in as.'],
    [{ MAILSTORE_PASSWORD: '' }, 'MAILSTORE_PASSWORD is not set; set it, or MAILSTORE_PASSWORD_FILE.'],
    [{ MAILSTORE_PASSWORD_FILE: 'Violet-Anchor-93' }, 'MAILSTORE_PASSWORD_FILE is not the whole path of a file; '],
    [{ MAILSTORE_PASSWORD_FILE: 'file:///srv/pw.txt' }, "which is a URL and not a path; write '/srv/pw.txt'."],
    [
      { MAILSTORE_PASSWORD_FILE: '/' },
      "The file '/' named by MAILSTORE_PASSWORD_FILE cannot be read: it is a folder; name the file in it.",
    ],
    [{ MAILSTORE_PASSWORD: "'Violet-Anchor-93'" }, 'MAILSTORE_PASSWORD holds its value in quotes; remove the quotes.'],
    [
      { MAILSTORE_PASSWORD: '<your-password>' },
      "MAILSTORE_PASSWORD holds '<your-password>', which is an example from a documentation; write your own value.",
    ],
    [{ MAILSTORE_USERNAME: '"admin"' }, 'MAILSTORE_USERNAME holds its value in quotes; remove the quotes.'],
    [
      { MAILSTORE_URL: 'https://<your-server>:8463' },
      "MAILSTORE_URL holds '<your-server>', which is an example from a documentation; write the address of your own MailStore.",
    ],
    [{ MAILSTORE_URL: 'https:/mail:8463' }, "has characters that an address does not have; write 'https://mail:8463'."],
    [{ MAILSTORE_URL: 'admin:a\\b<c@mail' }, "'mail', but must be a URL such as https://archive.example.com:8463."],
    [{ MAILSTORE_URL: 'https://https://mail:8463' }, "has characters that an address does not have; write 'https://mail:8463'."],
    [{ MAILSTORE_URL: '<https://mail:9000>' }, "has characters that an address does not have; write 'https://mail:9000'."],
    [{ MAILSTORE_URL: '“https://mail”' }, "has characters that an address does not have; write 'https://mail:8463'."],
    [{ MAILSTORE_URL: 'https:\\\\mail:8463' }, "has characters that an address does not have; write 'https://mail:8463'."],
    [{ MAILSTORE_URL: 'https://mail:99999' }, 'but must be a URL whose port is a number up to 65535, such as 8463.'],
    [{ MAIL_STORE_URL: 'https://mail:8463' }, 'Unknown setting MAIL_STORE_URL; did you mean MAILSTORE_URL?'],
    [{ MAILSTORE_PASSWD: 'x' }, 'Unknown setting MAILSTORE_PASSWD; did you mean MAILSTORE_PASSWORD?'],
    [{ MAILSTORE_VERIFY_SSL: 'false' }, 'Unknown setting MAILSTORE_VERIFY_SSL; did you mean MAILSTORE_TLS_FINGERPRINT?'],
    [{ MAILSTORE_PORT: '8463' }, 'Unknown setting MAILSTORE_PORT; did you mean MAILSTORE_URL?'],
    [
      { MAILSTORE_PASSWORD_FILE: '/no/such/file' },
      "The file '/no/such/file' named by MAILSTORE_PASSWORD_FILE cannot be read: there is no such file (ENOENT); correct the path, or create the file.",
    ],
    [
      { MAILSTORE_CA_FILE: '/no/such/file' },
      "The file '/no/such/file' named by MAILSTORE_CA_FILE cannot be read: there is no such file (ENOENT); correct the path, or create the file.",
    ],
    [
      { MAILSTORE_CONFIG: '/no/such/file' },
      "The file '/no/such/file' named by MAILSTORE_CONFIG cannot be read: there is no such file (ENOENT); correct the path, or create the file.",
    ],
  ])('%j: %s', (env, message) => {
    expect(() => load(env)).toThrow(message);
  });

  test('a password in the place of its file is not repeated', () => {
    expect(() => load({ MAILSTORE_PASSWORD: '', MAILSTORE_PASSWORD_FILE: 'Violet-Anchor-93' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('Violet-Anchor-93') as unknown }),
    );
  });

  /** What an error may show of each setting: one of a list, a number, a path or a host name cannot be a password. */
  const SHOWN = new Set([
    'access',
    'api',
    'edition',
    'toolsets',
    'surface',
    'timeZone',
    'logLevel',
    'stateDir',
    'secretsDir',
    'caFile',
    'config',
  ]);

  test.each(settingList.filter(({ key }) => !SHOWN.has(key)))(
    'a password in the place of $key is not repeated, in any form',
    ({ env, key }) => {
      const forms = [
        'Violet!Anchor93',
        '"Violet!Anchor93"',
        "'Violet!Anchor93'",
        'https://mail:8463/?p=Violet!Anchor93',
        '-----BEGIN Violet!Anchor93',
        'Violet!Anchor93 $HOME',
      ];
      for (const form of forms) {
        expect(() => {
          load({ [env]: form });
        }).toSatisfy((loading: () => void) => !throwsWith(loading, 'Violet!Anchor93'), `${env}=${form}`);
        for (const value of [form, [form], { a: form }]) {
          expect(() => {
            load({}, { '--config': configFile({ [key]: value }) });
          }).toSatisfy((loading: () => void) => !throwsWith(loading, 'Violet!Anchor93'), JSON.stringify(value));
        }
      }
    },
  );

  test.each<[Texts, string]>([
    [
      { MAILSTORE_URL: 'https://mailstore.example.com:8463' },
      "MAILSTORE_URL holds 'https://mailstore.example.com:8463', which is an example from a documentation; write the address of your own MailStore.",
    ],
    [{ MAILSTORE_URL: 'https://host:8463' }, "MAILSTORE_URL holds 'https://host:8463', which is an example"],
    [{ MAILSTORE_URL: 'your-server:8463' }, "MAILSTORE_URL holds 'your-server', which is an example"],
    [{ MAILSTORE_USERNAME: '<your-username>' }, "MAILSTORE_USERNAME holds '<your-username>', which is an example"],
    [
      { MAILSTORE_TLS_FINGERPRINT: 'AB:CD' },
      "MAILSTORE_TLS_FINGERPRINT holds 'AB:CD', which is an example from a documentation; write the fingerprint of your own MailStore, or leave it empty: the first call then names it.",
    ],
    [{ MAILSTORE_TLS_FINGERPRINT: 'AB:CD:EF:…' }, "MAILSTORE_TLS_FINGERPRINT holds 'AB:CD:EF:…', which is an example"],
    [{ MAILSTORE_TLS_FINGERPRINT: '12:34:...' }, "MAILSTORE_TLS_FINGERPRINT holds '12:34:...', which is an example"],
    [
      { MAILSTORE_PASSWORD_FILE: 'C:\\Users\\you\\mailstore-password.txt' },
      'which is an example from a documentation; write the path on your own machine.',
    ],
    [
      { MAILSTORE_PASSWORD_FILE: '/home/you/mailstore-password.txt' },
      'which is an example from a documentation; write the path on your own machine.',
    ],
    [{ MAILSTORE_STATE_DIR: '/Users/you/state' }, 'which is an example from a documentation; write the path on your own machine.'],
  ])('%j is recognised as copied from a documentation: %s', (env, message) => {
    expect(() => load(env)).toThrow(message);
  });

  test('several mistyped variables are named at once', () => {
    expect(() => load({ MAILSTORE_ACESS: 'full', MAILSTORE_USER: 'admin' })).toThrow(
      'Unknown settings MAILSTORE_ACESS (did you mean MAILSTORE_ACCESS?) and MAILSTORE_USER (did you mean MAILSTORE_USERNAME?); correct or remove each, or see docs/configuration.md.',
    );
  });

  test('a password and a file that holds one, set in the same place, are warned of, and the file is read', () => {
    const path = writeTemporary('from the file\n');
    const config = load({ MAILSTORE_PASSWORD_FILE: path });
    expect([config.targets[0]?.password, config.warnings]).toEqual([
      'from the file',
      ['MAILSTORE_PASSWORD is ignored, because MAILSTORE_PASSWORD_FILE is set as well; remove one of them.'],
    ]);
    const file = configFile({ password: 'x', passwordFile: path });
    expect(load({ MAILSTORE_PASSWORD: '' }, { '--config': file }).warnings).toEqual([
      'password is ignored, because passwordFile is set as well; remove one of them.',
    ]);
  });

  test.each(['pf7UBn0KcYzMDBt4R6m4iAGsdMonVr3l1C4J8lR5w7s=', 'sha256/pf7UBn0KcYzMDBt4R6m4iAGsdMonVr3l1C4J8lR5w7s='])(
    'a fingerprint in base64 is read: %s',
    (written) => {
      expect(load({ MAILSTORE_TLS_FINGERPRINT: written }).targets[0]?.fingerprint).toBe(
        'A5:FE:D4:06:7D:0A:71:8C:CC:0C:1B:78:47:A9:B8:88:01:AC:74:CA:27:56:BD:E5:D4:2E:09:F2:54:79:C3:BB',
      );
    },
  );

  test('every refusal is the configuration’s', () => {
    expect(() => load({ MAILSTORE_ACESS: 'full' })).toThrow(expect.objectContaining({ audience: 'configuration' }));
  });

  test('variables of other programs are left alone', () => {
    expect(load({ MAILSTORE: 'x', MY_MAILSTORE_URL: 'x', PATH: '/bin' })).toEqual(load());
  });

  test.each(['MAILSTORE_HOME', 'MAILSTORE_SERVICE_HOST', 'MAILSTORE_PORT_8463_TCP', 'MAILSTORE_VERSION'])(
    '%s of another program is ignored with a warning',
    (name) => {
      expect(load({ [name]: 'x' })).toEqual({ ...load(), warnings: [`${name} is no setting of mailstore-mcp and was ignored.`] });
    },
  );

  test.each(['pa${ss}word', '100%sure%', '$ecret', 'a$B_C', '{{'])(
    'a password may be %s: only what is nothing but a placeholder is one',
    (password) => {
      expect(load({ MAILSTORE_PASSWORD: password }).targets[0]?.password).toBe(password);
    },
  );

  test('variables that begin with MAILSTORE_SECRET_ are secrets of one’s own, and empty ones are none', () => {
    expect(load({ MAILSTORE_SECRET_DB: 'x', MAILSTORE_SECRET_EMPTY: '' })).toEqual({
      ...load(),
      secretVariables: { MAILSTORE_SECRET_DB: 'x' },
    });
  });

  test('a CA file without a certificate in PEM form is named', () => {
    const path = writeTemporary('0\u0082\u0003');
    expect(() => load({ MAILSTORE_CA_FILE: path })).toThrow(
      `MAILSTORE_CA_FILE is '${path}', but must be a file of certificates in PEM form.`,
    );
  });
});

describe('the URL', () => {
  test.each([
    ['https://mail.example.com:8463', 'https://mail.example.com:8463'],
    ['https://mail.example.com:8463/', 'https://mail.example.com:8463'],
    ['HTTPS://Mail.Example.COM:8463', 'https://mail.example.com:8463'],
    [' https://mail.example.com:8463 ', 'https://mail.example.com:8463'],
    ['https://mail.example.com:443', 'https://mail.example.com'],
    ['https://192.0.2.1:8463', 'https://192.0.2.1:8463'],
    ['https://[2001:db8::1]:8463', 'https://[2001:db8::1]:8463'],
    ['https://größe.example:8463', 'https://xn--gre-6ka8i.example:8463'],
  ])('%s is the origin %s', (url, origin) => {
    expect(load({ MAILSTORE_URL: url }).targets[0]?.origin).toBe(origin);
  });

  test.each([
    ['http://mail.example.com:8463', "readable on the way; write 'https://mail.example.com:8463'."],
    ['http://mail.example.com:8080', "write 'https://mail.example.com:8080'."],
    ['http://admin:hunter2@mail.example.com', "'http://mail.example.com' is not https;"],
    ['http://admin:hunter2@mail.example.com', "write 'https://mail.example.com:8463'."],
    ['http://mail.example.com:8462/?a=hunter2', "write 'https://mail.example.com:8463'."],
    ['ftp://mail.example.com', "'ftp://mail.example.com' is not https;"],
    ['mail.example.com:8463', "MAILSTORE_URL is 'mail.example.com:8463', which lacks https://; write 'https://mail.example.com:8463'."],
    ['localhost:8463', "MAILSTORE_URL is 'localhost:8463', which lacks https://; write 'https://localhost:8463'."],
    [
      'mail.example.com',
      "MAILSTORE_URL is 'mail.example.com', which lacks https:// and names no port, which is 8463 unless it was changed in MailStore; write 'https://mail.example.com:8463'.",
    ],
    [
      'https://mail.example.com',
      "MAILSTORE_URL is 'https://mail.example.com', which names no port, which is 8463 unless it was changed in MailStore; write 'https://mail.example.com:8463'.",
    ],
    ['https://[2001:db8::1]', "write 'https://[2001:db8::1]:8463'."],
    [
      '"https://mail.example.com:8463"',
      `MAILSTORE_URL is '"https://mail.example.com:8463"', which is in quotes; write 'https://mail.example.com:8463'.`,
    ],
    [
      'https://admin:hunter2@ho st',
      'MAILSTORE_URL must be a URL such as https://archive.example.com:8463. Its value is not shown, since it may be a password.',
    ],
    [
      'https://admin@mail.example.com',
      "which holds a user name or password, which have settings of their own and names no port, which is 8463 unless it was changed in MailStore; write 'https://mail.example.com:8463'.",
    ],
    ['https://a:hunter2@mail.example.com/x', "and goes on after the port; write 'https://mail.example.com:8463'."],
    [
      'https://mail.example.com:8463/?password=hunter2#hunter2',
      "MAILSTORE_URL is 'https://mail.example.com:8463/', which goes on after the port; write 'https://mail.example.com:8463'.",
    ],
    [
      'https://mail.example.com:8463/api',
      "MAILSTORE_URL is 'https://mail.example.com:8463/api', which goes on after the port; write 'https://mail.example.com:8463'.",
    ],
    ['https://mail.example.com:8463/?a=b', "which goes on after the port; write 'https://mail.example.com:8463'."],
    ['https://mail.example.com:8463/#a', "which goes on after the port; write 'https://mail.example.com:8463'."],
  ])('%s is refused: %s', (url, message) => {
    expect(() => load({ MAILSTORE_URL: url })).toThrow(message);
    expect(() => load({ MAILSTORE_URL: url })).not.toThrow('hunter2');
  });
});

describe('the fingerprint', () => {
  test.each([
    ['with colons', PIN],
    ['without', PIN.replaceAll(':', '')],
    ['in small letters', PIN.toLowerCase()],
    ['with blanks', ` ${PIN.replaceAll(':', ' ')} `],
    ['with hyphens', PIN.replaceAll(':', '-')],
    ['with its name', `SHA256:${PIN}`],
    ['as openssl prints it', `sha256 Fingerprint=${PIN}`],
    ['as older versions of openssl print it', `SHA256 Fingerprint=${PIN}`],
    ['as it is copied from a Windows dialog', `\u200E${PIN.toLowerCase().replaceAll(':', ' ')}`],
    ['with other invisible characters in it', `\uFEFF${PIN.slice(0, 20)}\u200B${PIN.slice(20)}\u00A0`],
    ['in quotes', `"${PIN}"`],
  ])('is read %s', (_, text) => {
    expect(load({ MAILSTORE_TLS_FINGERPRINT: text }).targets[0]?.fingerprint).toBe(PIN);
  });

  test.each([
    [PIN.slice(0, -1), ', and these are 63'],
    [`${PIN}:00`, ', and these are 66'],
    [PIN.replace('A0', 'G0'), ''],
    ['SHA1:'.concat(PIN.slice(0, 59)), ''],
    ['sha256', ''],
  ])('%j is none, and is not repeated: it may be a password', (text, found) => {
    expect(() => load({ MAILSTORE_TLS_FINGERPRINT: text })).toThrow(
      `MAILSTORE_TLS_FINGERPRINT must be the 64 hex digits of a SHA-256 fingerprint${found}. Its value is not shown, since it may be a password.`,
    );
    expect(() => load({ MAILSTORE_TLS_FINGERPRINT: text })).not.toThrow(text);
  });
});

test('a SHA-1 thumbprint is recognised, and the way to the SHA-256 fingerprint shown', () => {
  expect(() => load({ MAILSTORE_TLS_FINGERPRINT: 'a9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d' })).toThrow(
    /^MAILSTORE_TLS_FINGERPRINT holds a SHA-1 thumbprint \(40 digits\), but must be the SHA-256 fingerprint.*Thumbprint -eq A9993E364706816ABA3E25717850C26C9CD0D89D/,
  );
});

/** As Windows PowerShell 5.1 writes it, or with the bytes of each character the other way round. */
function utf16(text: string, order: 'little' | 'big' = 'little'): Buffer {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return order === 'little' ? bytes : bytes.swap16();
}

describe('the password file', () => {
  test.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret'],
    ['secret \r\n', 'secret'],
    [' secret', ' secret'],
    ['se"cr\'et', 'se"cr\'et'],
    ['\uFEFFgrün: 100% 📨\r\n', 'grün: 100% 📨'],
    [utf16('grün\r\n'), 'grün'],
    [utf16('grün\r\n', 'big'), 'grün'],
  ])('the password file that holds %j gives %j', (content, password) => {
    expect(load({ MAILSTORE_PASSWORD: '', MAILSTORE_PASSWORD_FILE: writeTemporary(content) }).targets[0]?.password).toBe(password);
  });

  test.each<[string | Buffer, string]>([
    ['', 'is empty; write the password into it.'],
    [utf16('\r\n'), 'is empty; write the password into it.'],
    ['"hunter2"\r\n', 'holds the password in quotes; remove the quotes.'],
    ["'hunter2'", 'holds the password in quotes; remove the quotes.'],
    ['MAILSTORE_PASSWORD=hunter2', 'holds a name before the password; keep only the password.'],
    ['password=hunter2', 'holds a name before the password; keep only the password.'],
    ['export PASSWORD=hunter2', 'holds a name before the password; keep only the password.'],
    ['Passwort: hunter2', 'holds a name before the password; keep only the password.'],
    ['{"password": "hunter2"}', 'holds a JSON object; keep only the password.'],
    ['hunter2\nhunter3\n', 'holds more than one line; keep only the line with the password.'],
    ['hunter\u200B2', 'holds an invisible character; type the password into it again.'],
    ['${input:hunter2}', 'holds a placeholder; write the password itself into it.'],
    ['hunter2'.repeat(1000), 'is larger than 4096 bytes; name a file that holds nothing but the password.'],
    [Buffer.from('hunter2 gr\xFCn', 'latin1'), 'cannot be read: it is neither UTF-8 nor UTF-16 with a byte order mark; save it as UTF-8.'],
    [utf16('hunter2').subarray(2), 'cannot be read: it is neither UTF-8 nor UTF-16 with a byte order mark; save it as UTF-8.'],
  ])('the password file that holds %j is refused, without its content: %s', (content, message) => {
    const path = writeTemporary(content);
    const loading = () => load({ MAILSTORE_PASSWORD: '', MAILSTORE_PASSWORD_FILE: path });
    expect(loading).toThrow(`The file '${path}' named by MAILSTORE_PASSWORD_FILE ${message}`);
    expect(loading).not.toThrow('hunter');
  });
});

describe('the configuration file', () => {
  test('holds settings by their keys, numbers as numbers or text', () => {
    const file = configFile({ url: 'https://file.example.com:8463', timeoutMs: 1000, inlineWaitMs: '500', toolsets: 'jobs' });
    const config = loadConfig({ env: { MAILSTORE_USERNAME: 'admin', MAILSTORE_PASSWORD: 'x' }, flags: { '--config': file } });
    expect(config).toMatchObject({
      targets: [{ origin: 'https://file.example.com:8463' }],
      timeoutMs: 1000,
      inlineWaitMs: 500,
      toolsets: ['jobs'],
    });
  });

  test('may begin with a byte order mark', () => {
    expect(load({}, { '--config': writeTemporary('\uFEFF{"logLevel":"warn"}') }).logLevel).toBe('warn');
  });

  test.each<[unknown, string]>([
    [{ acess: 'full' }, 'Unknown setting acess; did you mean access?'],
    [{ MAILSTORE_ACCESS: 'full' }, 'Unknown setting MAILSTORE_ACCESS; did you mean access?'],
    [{ config: 'other.json' }, 'Unknown setting config'],
    [
      { acess: 'full', x: 1, targets: { a: { urls: 'x' } } },
      'Unknown settings acess (did you mean access?), x and targets.a.urls (did you mean url?); correct or remove each, or see docs/configuration.md.',
    ],
    [{ access: true }, "access is 'true', but must be a text or a number."],
    [{ access: null }, "access is 'null', but must be a text or a number."],
    [{ toolsets: ['users'] }, "toolsets is '[…]', but must be a text or a number."],
    [{ targets: [] }, "targets is '[…]', but must be an object."],
    [{ targets: { a: 'https://a' } }, `targets.a is '"…"', but must be an object.`],
    [{ targets: { a: { urls: 'x' } } }, 'Unknown setting targets.a.urls; did you mean url?'],
    [{ access: 'ful' }, "access is 'ful', but must be read-only, read-write, full (did you mean full?)."],
    [
      { targets: { a: { access: 'readonly' } } },
      "targets.a.access is 'readonly', but must be read-only, read-write, full (did you mean read-only?).",
    ],
    [{ targets: { a: { stateDir: '/x' } } }, 'Unknown setting targets.a.stateDir'],
    [[], "MAILSTORE_CONFIG is '[…]', but must be an object."],
    ['x', `MAILSTORE_CONFIG is '"…"', but must be an object.`],
  ])('%j is refused: %s', (value, message) => {
    expect(() => load({}, { '--config': configFile(value) })).toThrow(message);
  });

  test.each([
    ['{ url: 1 }', 'line 1, column 3: a name in double quotes has to come here.'],
    [
      '{\n  "stateDir": "C:\\Archive\\state"\n}',
      String.raw`line 2, column 18: a backslash stands alone; write each one twice, as in "C:\\Users\\me".`,
    ],
    ['{"password":"hunter2"\n"url":"x"}', 'line 1, column 22: a comma is missing here.'],
    ['{"password":"hunter2",}', 'line 1, column 22: this comma is one too many, because } follows it.'],
    ['{\n// hunter2\n}', 'line 2, column 1: JSON has no comments.'],
    ['{"password":"hunter2', 'line 1, column 21: a text in quotes does not end.'],
    ['{"password":"hunter2"', 'line 1, column 22: the text ends where a comma or } has to come.'],
    ['', 'line 1, column 1: the text ends where a value has to come.'],
  ])('the configuration file that holds %j is refused with its line, without its content: %s', (content, message) => {
    const path = writeTemporary(content);
    const loading = () => load({}, { '--config': path });
    expect(loading).toThrow(`The file '${path}' named by --config is not JSON: ${message}`);
    expect(loading).not.toThrow('hunter');
  });
});

describe('several targets', () => {
  const targets = {
    main: { url: 'https://a.example.com:8463', fingerprint: PIN },
    branch: {
      url: 'https://b.example.com:8463',
      fingerprint: OTHER_PIN,
      username: 'operator',
      password: 'b',
      api: 'legacy',
      access: 'read-only',
    },
  };

  function loadTargets(file: Readonly<Record<string, unknown>>, env: Texts = {}): Config {
    return loadConfig({
      env: { MAILSTORE_USERNAME: 'admin', MAILSTORE_PASSWORD: 'secret', ...env },
      flags: { '--config': configFile(file) },
    });
  }

  test('share what they do not state themselves', () => {
    expect(loadTargets({ targets, access: 'read-write' }).targets).toEqual([
      {
        name: 'main',
        origin: 'https://a.example.com:8463',
        username: 'admin',
        password: 'secret',
        fingerprint: PIN,
        access: 'read-write',
        api: 'auto',
        edition: 'server',
      },
      {
        name: 'branch',
        origin: 'https://b.example.com:8463',
        username: 'operator',
        password: 'b',
        fingerprint: OTHER_PIN,
        access: 'read-only',
        api: 'legacy',
        edition: 'server',
      },
    ]);
  });

  test.each<[ceiling: string, own: string | undefined, access: string]>([
    ['read-only', undefined, 'read-only'],
    ['read-only', 'full', 'read-only'],
    ['read-write', 'full', 'read-write'],
    ['read-write', 'read-only', 'read-only'],
    ['full', 'read-write', 'read-write'],
    ['full', 'full', 'full'],
    ['full', undefined, 'full'],
  ])('under %s, a target with %s has %s: it can tighten and never loosen', (ceiling, own, access) => {
    const config = loadTargets(
      { targets: { main: { ...targets.main, ...(own !== undefined && { access: own }) } } },
      { MAILSTORE_ACCESS: ceiling },
    );
    expect([config.access, config.targets[0]?.access]).toEqual([ceiling, access]);
  });

  test('a target’s own password stands over a password file that all share', () => {
    const shared = { MAILSTORE_PASSWORD: '', MAILSTORE_PASSWORD_FILE: writeTemporary('shared\n') };
    expect(loadTargets({ targets }, shared).targets.map(({ password }) => password)).toEqual(['shared', 'b']);
  });

  test('a URL outside of the targets belongs to none of them', () => {
    const other = { ...targets, third: {} };
    expect(() => loadTargets({ targets: other }, { MAILSTORE_URL: 'https://c.example.com:8463' })).toThrow('MAILSTORE_URL is not set;');
  });

  test('each is checked like a single one', () => {
    expect(() => loadTargets({ targets: { main: { url: 'http://a.example.com' } } })).toThrow("'http://a.example.com' is not https;");
    expect(() => loadTargets({ targets: { main: { ...targets.main, access: 'all' } } })).toThrow("targets.main.access is 'all'");
    expect(() => loadTargets({ targets: { main: { ...targets.main, edition: 'spe' } } })).toThrow("targets.main.edition is 'spe'");
  });
});

describe('the embedded sandbox', () => {
  const embedded = { origin: 'https://127.0.0.1:5000', username: 'admin', password: 'random', fingerprint: PIN };

  test('is the one target, and needs no settings', () => {
    expect(loadConfig({ env: {}, flags: { '--access': 'full' }, embedded }).targets).toEqual([
      { name: 'sandbox', ...embedded, access: 'full', api: 'auto', edition: 'server' },
    ]);
  });

  test('the embedded sandbox still refuses settings that are none', () => {
    expect(() => loadConfig({ env: { MAILSTORE_ACESS: 'full' }, flags: {}, embedded })).toThrow('did you mean MAILSTORE_ACCESS?');
  });
});

describe('the folder for state, for what needs no MailStore', () => {
  const findStateDir = (env: Texts, flags: Texts = {}) => loadStateDir({ env, flags });

  test('is that of the flag, the environment, the file, or the platform', () => {
    const path = configFile({ stateDir: '/file', targets: {} });
    expect([
      findStateDir({ MAILSTORE_STATE_DIR: '/environment', MAILSTORE_CONFIG: path }, { '--state-dir': '/flag' }),
      findStateDir({ MAILSTORE_STATE_DIR: '/environment', MAILSTORE_CONFIG: path }),
      findStateDir({ MAILSTORE_CONFIG: path }),
      findStateDir({ MAILSTORE_STATE_DIR: '' }, { '--config': path }),
    ]).toEqual(['/flag', '/environment', '/file', '/file']);
  });

  test('is not guessed from a misspelt variable', () => {
    expect(() => findStateDir({ MAILSTORE_STATEDIR: '/x' })).toThrow(
      'Unknown setting MAILSTORE_STATEDIR; did you mean MAILSTORE_STATE_DIR?',
    );
  });
});

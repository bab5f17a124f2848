import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { forgetGenerated, Secrets, type SecretSources } from '../../src/guard/secrets.ts';
import { commandNamed } from '../helpers/start-client.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Folders for the files of an administrator and for generated secrets, and a file outside of them that no call may read. */
function setUp() {
  const root = temporaryFolder();
  const folder = join(root, 'for-calls');
  mkdirSync(join(folder, 'team'), { recursive: true });
  writeFileSync(join(root, 'beside.txt'), 'not-for-calls');
  const write = (name: string, content: string | Uint8Array, mode = 0o600) => {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
  };
  const sources: SecretSources = {
    variables: { MAILSTORE_SECRET_AMIRA: 'from-a-variable', MAILSTORE_SECRET_EMPTY: '' },
    folder,
    generatedFolder: join(root, 'generated'),
  };
  return { root, folder, write, sources };
}

type SetUp = ReturnType<typeof setUp>;

function setPassword({ sources }: SetUp, password: unknown): Secrets {
  return new Secrets(commandNamed('SetUserPassword'), { userName: 'amira', password }, sources);
}

function setSmtp({ sources }: SetUp, settings: unknown): Secrets {
  return new Secrets(commandNamed('SetSmtpSettings'), { settings }, sources);
}

/** Returns the secret that a call would send. */
function sent(where: SetUp, password: unknown): unknown {
  return setPassword(where, password).args['password'];
}

describe('a secret', () => {
  test('a secret that is written out is sent as it stands', () => {
    const { args, values } = setPassword(setUp(), ' S3cret-pass ');
    expect([args, values]).toEqual([{ userName: 'amira', password: ' S3cret-pass ' }, [' S3cret-pass ']]);
  });

  test('a secret that is left out stays away', () => {
    const args = { userName: 'amira', password: undefined };
    const secrets = new Secrets(commandNamed('CreateUser'), args, setUp().sources);
    expect([secrets.args, secrets.values, secrets.store()]).toEqual([args, [], undefined]);
  });

  test('a secret that is the mask of reads is refused, and so is one that resolves to it', () => {
    const where = setUp();
    where.write('masked', '***\n');
    for (const password of ['***', { fromFile: 'masked' }]) {
      expect(() => setPassword(where, password)).toThrow(
        `set_user_password was not called: password is '***', which is what reads show in the place of a secret. State the secret itself or where it is, such as {"fromEnv": "MAILSTORE_SECRET_…"}, or leave the field out.`,
      );
    }
  });

  test('may contain what looks like a mask', () => {
    expect(sent(setUp(), 'a***b')).toBe('a***b');
  });

  test('is looked for only in fields that hold one', () => {
    const args = { userName: 'amira', fullName: '***' };
    const secrets = new Secrets(commandNamed('SetUserFullName'), args, setUp().sources);
    expect([secrets.args, secrets.values]).toEqual([args, []]);
  });
});

describe('a secret from a variable', () => {
  test('is the value of the variable', () => {
    const { args, values } = setPassword(setUp(), { fromEnv: 'MAILSTORE_SECRET_AMIRA' });
    expect([args, values]).toEqual([{ userName: 'amira', password: 'from-a-variable' }, ['from-a-variable']]);
  });

  test.each([
    ['MAILSTORE_SECRET_AMIRRA', ', which is not set (did you mean MAILSTORE_SECRET_AMIRA?).'],
    ['MAILSTORE_SECRET_EMPTY', ', which is not set'],
    ['MAILSTORE_SECRET_OF_SOMEBODY_ELSE', ', which is not set.'],
  ])('a secret from a variable that is missing or empty is refused by its name: %s', (fromEnv, end) => {
    expect(() => setPassword(setUp(), { fromEnv })).toThrow(
      `set_user_password was not called: password is to come from the variable ${fromEnv}${end}`,
    );
  });
});

describe('a secret from a file', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['a line', 's3cret\n', 's3cret'],
    ['a line as Windows writes it', '\uFEFFs3cret\r\n', 's3cret'],
    ['no line break', 's3cret', 's3cret'],
    ['blanks around it', ' s3cret \n', ' s3cret '],
    ['two lines', 'one\ntwo\n', 'one\ntwo'],
    ['two line breaks', 's3cret\n\n', 's3cret\n'],
    ['letters of any script', 'gr\u00FC\u00DFe-\u5BC6\u7801\n', 'gr\u00FC\u00DFe-\u5BC6\u7801'],
    ['4096 bytes', `${'x'.repeat(4096)}\r\n`, 'x'.repeat(4096)],
  ])('is its content without mark and last line break: %s', (_, content, expected) => {
    const where = setUp();
    where.write('amira.txt', content);
    const { args, values } = setPassword(where, { fromFile: 'amira.txt' });
    expect([args['password'], values]).toEqual([expected, [expected]]);
  });

  test.skipIf(process.platform === 'win32')(
    'is read from a file that others can read, with a warning that has the cure, and from none that they can change',
    () => {
      const where = setUp();
      where.write('mine.txt', 's3cret');
      where.write('open.txt', 's3cret', 0o644);
      where.write('shared.txt', 's3cret', 0o660);
      expect(setPassword(where, { fromFile: 'mine.txt' }).warnings).toEqual([]);
      const { args, warnings } = setPassword(where, { fromFile: 'open.txt' });
      expect([args['password'], warnings]).toEqual([
        's3cret',
        [
          "The file 'open.txt' for password can be read by other users of the server's machine (mode 0644); chmod 600 keeps it for its owner.",
        ],
      ]);
      expect(() => setPassword(where, { fromFile: 'shared.txt' })).toThrow(
        "the file 'shared.txt' for password cannot be used (other users may change it, mode 0660; chmod 600 cures it).",
      );
    },
  );

  test('may lie in a folder of the folder, and be named by its whole path', () => {
    const where = setUp();
    where.write('team/amira.txt', 's3cret');
    where.write('..amira', 'dotted');
    const whole = join(where.folder, 'team', 'amira.txt');
    expect([
      sent(where, { fromFile: 'team/amira.txt' }),
      sent(where, { fromFile: './team/../team/amira.txt' }),
      sent(where, { fromFile: whole }),
      sent(where, { fromFile: '..amira' }),
    ]).toEqual(['s3cret', 's3cret', 's3cret', 'dotted']);
  });

  test('is not read from outside the folder, and the error does not show whether a file is there', () => {
    const where = setUp();
    const beside = join(where.root, 'beside.txt');
    for (const file of [
      '../beside.txt',
      'team/../../beside.txt',
      '../nothing.txt',
      beside,
      join(where.root, 'nothing.txt'),
      '..',
      '.',
      '/',
    ]) {
      expect(() => setPassword(where, { fromFile: file }), file).toThrow(
        `set_user_password was not called: the file '${file}' for password is not inside MAILSTORE_SECRETS_DIR; name one that is.`,
      );
    }
  });

  test('is not taken for inside because the folder has the same beginning', () => {
    const where = setUp();
    mkdirSync(`${where.folder}-too`);
    writeFileSync(`${where.folder}-too/amira.txt`, 'not-for-calls');
    expect(() => setPassword(where, { fromFile: '../for-calls-too/amira.txt' })).toThrow('is not inside MAILSTORE_SECRETS_DIR');
  });

  test.skipIf(process.platform === 'win32')('is judged by where a link leads', () => {
    const where = setUp();
    const { root, folder } = where;
    where.write('team/amira.txt', 's3cret');
    symlinkSync(join(root, 'beside.txt'), join(folder, 'link-out'));
    symlinkSync(root, join(folder, 'folder-out'));
    symlinkSync('team/amira.txt', join(folder, 'link-in'));
    symlinkSync('link-out', join(folder, 'link-to-link'));
    for (const file of ['link-out', 'folder-out/beside.txt', 'link-to-link', 'folder-out']) {
      expect(() => setPassword(where, { fromFile: file }), file).toThrow(
        `the file '${file}' for password is not inside MAILSTORE_SECRETS_DIR`,
      );
    }
    expect(sent(where, { fromFile: 'link-in' })).toBe('s3cret');
    // The folder itself may be a link.
    symlinkSync(folder, join(root, 'linked'));
    const linked = { ...where, sources: { ...where.sources, folder: join(root, 'linked') } };
    expect(sent(linked, { fromFile: 'team/amira.txt' })).toBe('s3cret');
    expect(() => setPassword(linked, { fromFile: 'link-out' })).toThrow('is not inside MAILSTORE_SECRETS_DIR');
  });

  test.each<[string, string, string | Uint8Array | undefined, string]>([
    ['is missing', 'amira.txt', undefined, 'ENOENT'],
    ['is a folder', 'team', undefined, 'no regular file'],
    ['is empty', 'amira.txt', '', 'empty'],
    ['holds only a line break', 'amira.txt', '\uFEFF\r\n', 'empty'],
    ['is too large', 'amira.txt', `s3cret${'x'.repeat(4096)}`, 'larger than 4096 bytes'],
    ['is in the encoding that PowerShell redirects to', 'amira.txt', Buffer.from('\uFEFFs3cret\r\n', 'utf16le'), 'not UTF-8 text'],
  ])('a secret from a file that %s is refused with the reason and without any of its content', (_, fromFile, content, reason) => {
    const where = setUp();
    if (content !== undefined) where.write(fromFile, content);
    expect(() => setPassword(where, { fromFile })).toThrow(
      `set_user_password was not called: the file '${fromFile}' for password cannot be used (${reason}).`,
    );
  });

  test.runIf(process.platform === 'linux')('is not waited for in a pipe', () => {
    const where = setUp();
    execFileSync('mkfifo', [join(where.folder, 'pipe')]);
    expect(() => setPassword(where, { fromFile: 'pipe' })).toThrow("the file 'pipe' for password cannot be used (no regular file).");
  });

  test('needs a folder that the configuration names', () => {
    const { sources } = setUp();
    const { variables, generatedFolder } = sources;
    const args = { userName: 'amira', password: { fromFile: 'amira.txt' } };
    expect(() => new Secrets(commandNamed('SetUserPassword'), args, { variables, generatedFolder })).toThrow(
      "set_user_password was not called: password is to come from a file, and MAILSTORE_SECRETS_DIR names no folder for such files. Set it in the server's configuration and restart it.",
    );
  });
});

describe('a generated secret', () => {
  const GENERATE = { generate: true };

  test('has five groups of four characters that cannot be confused, and differs each time', () => {
    const where = setUp();
    const made = Array.from({ length: 50 }, () => String(sent(where, GENERATE)));
    for (const secret of made) expect(secret).toMatch(/^(?:[A-HJ-NP-Za-km-z2-9]{4}-){4}[A-HJ-NP-Za-km-z2-9]{4}$/);
    expect(new Set(made).size).toBe(50);
  });

  test('is kept in a file with exactly what is sent, and only the path is shown', () => {
    const where = setUp();
    const secrets = setPassword(where, GENERATE);
    const [secret] = secrets.values;
    expect([secrets.args['password'], existsSync(where.sources.generatedFolder)]).toEqual([secret, false]);
    const stored = secrets.store();
    expect(Object.keys(stored ?? {})).toEqual(['password']);
    const path = stored?.['password'] ?? '';
    expect(path.startsWith(join(where.sources.generatedFolder, 'set_user_password-password-'))).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(`${secret}\n`);
    expect(path).not.toContain(secret);
    // What a person reads there can be used in another call.
    const kept = { ...where, sources: { ...where.sources, folder: where.sources.generatedFolder } };
    expect(sent(kept, { fromFile: path })).toBe(secret);
  });

  test.skipIf(process.platform === 'win32').each([0o000, 0o022, 0o777])('is for its owner alone, also under the umask %i', (umask) => {
    const where = setUp();
    const { generatedFolder } = where.sources;
    const previous = process.umask(umask === 0o777 ? 0o022 : umask);
    onTestFinished(() => void process.umask(previous));
    // Under the strictest mask not even the owner could write into a new folder.
    if (umask === 0o777) mkdirSync(generatedFolder, { mode: 0o700 });
    process.umask(umask);
    const path = setPassword(where, GENERATE).store()?.['password'] ?? '';
    process.umask(previous);
    expect([statSync(path).mode & 0o777, statSync(generatedFolder).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  test('generated secrets of two calls lie in two files', () => {
    const where = setUp();
    const paths = [setPassword(where, GENERATE), setPassword(where, GENERATE)].map((secrets) => secrets.store()?.['password']);
    expect(new Set(paths).size).toBe(2);
    expect(readdirSync(where.sources.generatedFolder).length).toBe(2);
  });

  test('a generated secret that cannot be written is refused with its place, since it would be lost', () => {
    const where = setUp();
    writeFileSync(where.sources.generatedFolder, '');
    expect(() => setPassword(where, GENERATE).store()).toThrow(
      /^Nothing was sent: the generated secret could not be written to '.*generated.set_user_password-password-\w{8}\.txt' \((?:EEXIST|ENOTDIR)\)/,
    );
  });

  test('is forgotten together with the call that changed nothing', () => {
    const where = setUp();
    const [first, second] = [setPassword(where, GENERATE).store(), setPassword(where, GENERATE).store()];
    forgetGenerated(first);
    expect(readdirSync(where.sources.generatedFolder).map((name) => join(where.sources.generatedFolder, name))).toEqual(
      Object.values(second ?? {}),
    );
    expect(() => {
      forgetGenerated(first);
      forgetGenerated(undefined);
    }).not.toThrow();
  });
});

describe('a secret as a part of another text', () => {
  const createJob = (action: string) => new Secrets(commandNamed('CreateJob'), { name: 'x', action, owner: 'admin' }, setUp().sources);

  test.each<[string, readonly string[]]>([
    ['CreateProfile --password="job-s3cret" --name="x"', ['job-s3cret']],
    ['RunTemporaryProfile --url="imap://amira:p%40ss@mail.example.com"', ['p%40ss', 'p@ss']],
    ['RunTemporaryProfile --source="Server=db;Password=two words;Timeout=5"', ['two words']],
    ['CreateBackup --path="E:\\Backup"', []],
  ])('is known from then on, and what is sent stays as it is written: %s', (action, expected) => {
    const { args, values } = createJob(action);
    expect([args['action'], new Set(values)]).toEqual([action, new Set(expected)]);
  });

  test('is refused where it is the mask of reads', () => {
    expect(() => createJob('CreateProfile --password="***"')).toThrow("create_job was not called: action is '***'");
  });
});

describe('secrets inside an object of settings', () => {
  test('are found under their names at any depth, and everything else is sent as it stands', () => {
    const where = setUp();
    where.write('relay.txt', 'from-a-file\r\n');
    const settings = {
      hostname: 'smtp.example.com',
      port: 587,
      password: { fromEnv: 'MAILSTORE_SECRET_AMIRA' },
      relays: [
        { username: 'one', Password: { fromFile: 'relay.txt' } },
        { username: 'two', password: 'written-out' },
      ],
      passwords: ['first', { fromEnv: 'MAILSTORE_SECRET_AMIRA' }],
      oauth: { clientSecret: { generate: true }, token: null, tokenLifetime: 3600 },
      notes: { description: { fromEnv: 'MAILSTORE_SECRET_AMIRA' } },
    };
    const before = structuredClone(settings);
    const secrets = setSmtp(where, settings);
    const generated = secrets.values.at(-1);
    expect(secrets.args).toEqual({
      settings: {
        ...before,
        password: 'from-a-variable',
        relays: [
          { username: 'one', Password: 'from-a-file' },
          { username: 'two', password: 'written-out' },
        ],
        passwords: ['first', 'from-a-variable'],
        oauth: { clientSecret: generated, token: null, tokenLifetime: 3600 },
      },
    });
    expect(secrets.values).toEqual(['from-a-variable', 'from-a-file', 'written-out', 'first', 'from-a-variable', generated]);
    expect(settings).toEqual(before);
    const stored = secrets.store();
    expect(Object.keys(stored ?? {})).toEqual(['settings.oauth.clientSecret']);
    expect(stored?.['settings.oauth.clientSecret']).toContain('set_smtp_settings-settings-oauth-clientSecret-');
  });

  test.each<[string, unknown, string]>([
    ['a secret', { hostname: 'a', password: '***' }, 'settings.password'],
    ['a secret in a list of objects', { relays: [{}, { password: '***' }] }, 'settings.relays.1.password'],
    ['a secret in a list', { passwords: ['first', '***'] }, 'settings.passwords.1'],
    ['a part of a text', { url: 'smtp://amira:***@smtp.example.com' }, 'settings.url'],
  ])('are refused by their path where %s is the mask of reads', (_, settings, field) => {
    expect(() => setSmtp(setUp(), settings)).toThrow(`set_smtp_settings was not called: ${field} is '***'`);
  });

  test('are refused by their path where they lead nowhere', () => {
    expect(() => setSmtp(setUp(), { relays: [{ password: { fromEnv: 'MAILSTORE_SECRET_X' } }] })).toThrow(
      'set_smtp_settings was not called: settings.relays.0.password is to come from the variable MAILSTORE_SECRET_X, which is not set',
    );
  });

  test.each([{ fromEnv: 'MY_SECRET' }, { fromFile: 7 }, { generate: false }, { generate: true, length: 12 }])(
    'are refused where a reference is none: %j',
    (password) => {
      expect(() => setSmtp(setUp(), { password })).toThrow(
        'set_smtp_settings was not called: settings.password must be a text, {"fromEnv": "MAILSTORE_SECRET_…"}, {"fromFile": "…"} or {"generate": true}.',
      );
    },
  );

  test.each([[null], [undefined], ['text'], [7], [[]], [{}]])('may be missing: %j', (settings) => {
    const { args, values } = setSmtp(setUp(), settings);
    expect([args, values]).toEqual([{ settings }, []]);
  });
});

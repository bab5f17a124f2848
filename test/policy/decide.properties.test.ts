import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MailStoreError } from '../../src/base/errors.ts';
import { ACCESS_LEVELS } from '../../src/base/target.ts';
import type { Command, Effect } from '../../src/catalogue/define-command.ts';
import { allows } from '../../src/policy/access.ts';
import { decide, judgeAction, mildestEffect, worstEffect } from '../../src/policy/decide.ts';
import { passGate, Permit } from '../../src/policy/gate.ts';
import { catalogue, commands } from '../helpers/server-catalogue.ts';
import { commandNamed } from '../helpers/start-client.ts';

type Arguments = Readonly<Record<string, unknown>>;

const EFFECTS: readonly Effect[] = ['read', 'write', 'destructive'];
const NAMES = commands.map(({ name }) => name);

const anything = fc.anything({ withNullPrototype: true, withBigInt: true, withBoxedValues: true });
const anyCommand = fc.constantFrom(...commands);
const destructiveName = fc.constantFrom(...NAMES.filter((name) => worstEffect(commandNamed(name)) === 'destructive'));

/** Between two commands for some shell or other, or in the middle of one for a person who reads it. */
const SEPARATORS = [' ', '  ', ';', '; ', '|', '||', '&', ' && ', ',', '\n', '\r\n', '\r', '\t', '\v', '\0', '\u0085', '\u00A0', '\u2028'];
const PIECES = ['--', ' --', '=', '="', '"', '" ', '\\', '\\"', "'", '`', '$(', ')', '#', '//', '\u200B', '\u202E', '\u{E0041}', '\ud800'];

const LOOKALIKES: Readonly<Record<string, string>> = {
  a: '\u0430',
  c: '\u0441',
  e: '\u0435',
  i: '\u0456',
  k: '\u212A',
  o: '\u03BF',
  s: '\u017F',
  C: '\u0421',
  S: '\u0405',
  U: '\uFF35',
};

/** A text in which characters of another were replaced by ones that look alike or have the other case, or something was put between them. */
function respelled(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    how: fc.constantFrom('upper', 'lower', 'alike', 'insert'),
    piece: fc.constantFrom(...PIECES, ...SEPARATORS),
  });
  return fc.tuple(text, fc.array(change, { minLength: 1, maxLength: 3 })).map(([original, changes]) => {
    const characters = [...original];
    for (const { at, how, piece } of changes) {
      const index = at % characters.length;
      const character = characters[index] ?? '';
      const changed = {
        upper: character.toUpperCase(),
        lower: character.toLowerCase(),
        alike: LOOKALIKES[character],
        insert: `${piece}${character}`,
      };
      characters[index] = changed[how] ?? character;
    }
    return characters.join('');
  });
}

/** A value of an action's argument, between its quotes. */
const quotable = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('E:\\', 'x; DeleteUser', 'DetachStore --id=1', '--id=', "'", '\u202E'),
  )
  .filter((text) => !/["\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text));

/** What follows the name of an action's command. */
const writtenArguments = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[A-Za-z][A-Za-z\d]{0,7}$/), quotable), {
    maxLength: 3,
    selector: ([name]) => name.toLowerCase(),
  })
  .map((args) => args.map(([name, value]) => ` --${name}="${value}"`).join(''));

/** An action that is one command as the management shell writes it. */
function written(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(name, writtenArguments).map((parts) => parts.join(''));
}

const soup = fc
  .array(fc.oneof(fc.constantFrom(...NAMES), fc.constantFrom(...PIECES, ...SEPARATORS), fc.string({ unit: 'binary', maxLength: 3 })), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

const anyAction = fc.oneof(written(fc.constantFrom(...NAMES)), respelled(written(fc.constantFrom(...NAMES))), soup, anything);

/** Arguments that the declaration knows and that it does not know, of every type, inherited ones, and an object that throws when it is read. */
const anyArguments: fc.Arbitrary<unknown> = fc.oneof(
  fc.dictionary(fc.string(), anything),
  anything,
  fc
    .tuple(
      anyCommand,
      fc.array(fc.oneof(anything, fc.boolean(), fc.constantFrom('true', 'false', 1, 0, null), anyAction), { minLength: 8, maxLength: 8 }),
      fc.boolean(),
    )
    .map(([{ input }, values, inherit]) => {
      const args = Object.fromEntries(Object.keys(input).map((name, index) => [name, values[index % values.length]]));
      return inherit ? (Object.create(args) as unknown) : args;
    }),
  fc
    .constantFrom({ legalHoldEnabled: true }, { legalHoldEnabled: false }, Object.create({ legalHoldEnabled: true }), [], null)
    .map((config: unknown) => ({
      config,
    })),
  fc.constant(
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('a trap');
        },
      },
    ),
  ),
);

interface Call {
  readonly command: Command | undefined;
  readonly args: Arguments;
  readonly stored: unknown;
}

const anyCall: fc.Arbitrary<Call> = fc.record({
  command: fc.oneof({ weight: 9, arbitrary: anyCommand }, { weight: 1, arbitrary: fc.constant(undefined) }),
  args: anyArguments.map((args) => args as Arguments),
  stored: anyAction,
});

/** The calls that hold the action of a job, or are about a job that has it. */
const JOB_CALLS: readonly ((action: unknown) => Call)[] = [
  (action) => ({ command: commandNamed('CreateJob'), args: { name: 'x', action, owner: 'admin', time: '22:30' }, stored: undefined }),
  (action) => ({ command: commandNamed('RunJobAsync'), args: { id: 1 }, stored: action }),
  (action) => ({ command: commandNamed('SetJobEnabled'), args: { id: 1, enabled: true }, stored: action }),
  (action) => ({ command: commandNamed('SetJobSchedule'), args: { id: 1, time: '22:30' }, stored: action }),
];

function decisionsOn({ command, args, stored }: Call) {
  return ACCESS_LEVELS.map((access) => decide(command, args, access, { catalogue, found: { action: stored } }));
}

const RUNS = { numRuns: 1000 };

describe('a decision on any call', () => {
  test('is made without an error, is the same each time, and has one effect under every access', () => {
    fc.assert(
      fc.property(anyCall, (call) => {
        const decisions = decisionsOn(call);
        expect(decisionsOn(call)).toEqual(decisions);
        expect(new Set(decisions.map(({ effect, risks }) => [effect, ...risks].join(' '))).size).toBe(1);
      }),
      RUNS,
    );
  });

  test('allows only reads under read-only, and nothing destructive or risky without asking under any access', () => {
    fc.assert(
      fc.property(anyCall, (call) => {
        const decisions = decisionsOn(call);
        expect(decisions[0]?.kind === 'allow').toBe(decisions[0]?.effect === 'read');
        for (const { kind, effect, risks } of decisions)
          expect(kind === 'allow' && (effect === 'destructive' || risks.length > 0)).toBe(false);
      }),
      RUNS,
    );
  });

  test('is no stricter under a wider access', () => {
    fc.assert(
      fc.property(anyCall, (call) => {
        const kinds = decisionsOn(call).map(({ kind }) => kind);
        kinds.slice(1).forEach((kind, index) => {
          if (kind === 'refuse') expect(kinds[index]).toBe('refuse');
          if (kinds[index] === 'allow') expect(kind).toBe('allow');
        });
      }),
      RUNS,
    );
  });

  test('finds no effect that is milder or worse than what the command is listed with', () => {
    fc.assert(
      fc.property(anyCall, ({ command, args, stored }) => {
        const { effect, risks } = decide(command, args, 'full', { catalogue, found: { action: stored } });
        // Arguments that cannot be judged are taken for the worst, which no command is on both axes.
        const isUnjudged = risks.length === 6 && effect === 'destructive';
        expect(EFFECTS.indexOf(effect)).toBeGreaterThanOrEqual(EFFECTS.indexOf(command ? mildestEffect(command) : 'destructive'));
        if (!isUnjudged)
          expect(EFFECTS.indexOf(effect)).toBeLessThanOrEqual(EFFECTS.indexOf(command ? worstEffect(command) : 'destructive'));
      }),
      RUNS,
    );
  });
});

describe('the action of a job', () => {
  test('the action of a job that is one command as the management shell writes it is the worst that this command can be', () => {
    fc.assert(
      fc.property(anyCommand, writtenArguments, (command, args) => {
        expect(judgeAction(`${command.name}${args}`, catalogue).effect).toBe(worstEffect(command));
      }),
      RUNS,
    );
  });

  test('is destructive unless it is exactly one known command, with arguments that have one reading', () => {
    fc.assert(
      fc.property(anyAction, (action) => {
        const { effect } = judgeAction(action, catalogue);
        if (effect === 'destructive') return;
        expect(action).toBeTypeOf('string');
        const text = String(action).trim();
        const [name = ''] = /^[A-Za-z\d]*/.exec(text) ?? [];
        expect([name, effect]).toEqual([name, worstEffect(commandNamed(name))]);
        expect(text.slice(name.length).replaceAll(/ +--[A-Za-z][A-Za-z\d]*=(?:"[^"]*"|[^\s";|&'`()#<>{}]+)/g, '')).toBe('');
        expect(text).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 3000 },
    );
  });

  test('is destructive when its command is spelled otherwise', () => {
    const misspelt = respelled(fc.constantFrom(...NAMES)).filter((name) => !NAMES.includes(name.trim()));
    fc.assert(
      fc.property(misspelt, writtenArguments, (name, args) => {
        expect(judgeAction(`${name}${args}`, catalogue).effect).toBe('destructive');
      }),
      RUNS,
    );
  });

  test('is destructive when a second command follows the first, with any text between them', () => {
    fc.assert(
      fc.property(
        written(fc.constantFrom(...NAMES)),
        fc.constantFrom(...SEPARATORS),
        written(fc.constantFrom(...NAMES)),
        (first, between, second) => {
          expect(judgeAction(`${first}${between}${second}`, catalogue).effect).toBe('destructive');
        },
      ),
      RUNS,
    );
  });

  test('is destructive when a quote in a value lets text out of it', () => {
    fc.assert(
      fc.property(fc.constantFrom('VerifyStores', 'CreateBackup'), quotable, quotable, (name, before, after) => {
        expect(judgeAction(`${name} --path="${before}"${after}"`, catalogue).effect).toBe('destructive');
        expect(judgeAction(`${name} --path="${before}\\"${after}"`, catalogue).effect).toBe('destructive');
      }),
      RUNS,
    );
  });
});

describe('a call about a job', () => {
  test('is never milder than the action, and never below a write', () => {
    fc.assert(
      fc.property(anyAction, fc.constantFrom(...JOB_CALLS), (action, about) => {
        const { command, args, stored } = about(action);
        const { effect } = decide(command, args, 'full', { catalogue, found: { action: stored } });
        expect(effect).toBe(judgeAction(action, catalogue).effect === 'destructive' ? 'destructive' : 'write');
      }),
      RUNS,
    );
  });

  test('an action with a destructive command in it is never allowed without asking', () => {
    const harmless = written(fc.constantFrom('VerifyStores', 'CreateBackup'));
    const action = fc
      .tuple(fc.constantFrom('', ' ', ...SEPARATORS), harmless, fc.constantFrom(...SEPARATORS), written(destructiveName), fc.nat(2))
      .map(
        ([before, first, between, second, order]) =>
          [`${before}${second}`, `${first}${between}${second}`, `${second}${between}${first}`][order] ?? '',
      );
    fc.assert(
      fc.property(action, fc.constantFrom(...JOB_CALLS), (text, about) => {
        expect(decisionsOn(about(text)).map(({ kind }) => kind)).toEqual(['refuse', 'refuse', 'ask']);
      }),
      RUNS,
    );
  });

  test('is never allowed without asking when the action makes, starts or changes a job itself, however deep', () => {
    const making = (inner: string) => `CreateJob --name="x" --action="${inner}" --owner="admin"`;
    const nested = fc.tuple(soup, fc.integer({ min: 1, max: 4 })).map(([inner, depth]) => {
      let action = inner;
      for (let level = 0; level < depth; level++) action = making(action);
      return action;
    });
    const acting = fc.oneof(nested, written(fc.constantFrom('CreateJob', 'RunJobAsync', 'SetJobEnabled', 'SetJobSchedule')));
    fc.assert(
      fc.property(acting, fc.constantFrom(...JOB_CALLS), (action, about) => {
        expect(decisionsOn(about(action)).map(({ kind }) => kind)).toEqual(['refuse', 'refuse', 'ask']);
      }),
      RUNS,
    );
  });
});

/** Parts of arguments that are a risk in every call. */
const RISKY: readonly (readonly [command: string, part: Arguments])[] = [
  ...['admin', 'archive', 'modifyArchiveProfiles', 'export', 'modifyExportProfiles', 'delete'].flatMap((word) =>
    ['CreateUser', 'SetUserPrivileges'].map((name) => [name, { userName: 'amira', privileges: ['login', word] }] as const),
  ),
  ['CreateUser', { loginPrivileges: ['web', 'api'] }],
  ['SetUserLoginPrivileges', { loginPrivileges: ['web', 'api'] }],
  ['SetUserLoginPrivileges', { userName: 'ADMIN', loginPrivileges: ['none'] }],
  ['SetUserPrivileges', { userName: 'EXAMPLE\\Admin', privileges: ['login'] }],
  ['SetUserPassword', {}],
  ['SetUserAuthentication', {}],
  ['SetUserDistinguishedName', { distinguishedName: 'CN=Eve' }],
  ['RenameUser', { oldUserName: 'admin' }],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: 'johndoe', privileges: ['read'] }],
  ['MoveFolder', { fromFolder: 'johndoe', toFolder: 'amira/John' }],
  ['CreateBackup', {}],
  ['CreateProfile', {}],
  ['RunTemporaryProfile', {}],
  ['SendStatusReport', {}],
  ['SetServiceCertificate', {}],
  ['SetCredentialSettings', {}],
  ['CreateCredential', {}],
  ['UnlockStore', {}],
  ...['CreateStore', 'AttachStore', 'SetStoreProperties'].flatMap((name) =>
    [{ databasePath: '\\\\host\\share' }, { contentPath: '//host/share' }, { serverName: 'db.example.org' }, { password: 'x' }].map(
      (part) => [name, part] as const,
    ),
  ),
  ['SetComplianceConfiguration', { config: { logSuccessfulUserActivities: null } }],
  ['SetSmtpSettings', { settings: { password: { fromFile: 'db.txt' } } }],
  ['SetDirectoryServicesConfiguration', { config: { password: { fromEnv: 'MAILSTORE_SECRET_X' } } }],
  ['CreateJob', { action: 'SetUserPassword --userName="admin" --password="x"' }],
];

test('a call with a risky part is never allowed without asking, with any other arguments and any findings', () => {
  const beside = fc.dictionary(fc.constantFrom('type', 'name', 'fullName', 'owner', 'enabled', 'requestedState'), fc.jsonValue());
  const found = fc.dictionary(
    fc.constantFrom('user', 'users', 'archives', 'taken', 'current', 'store', 'profile', 'action'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...RISKY), beside, found, ([name, part], others, read) => {
      const args = { ...others, ...part };
      const kinds = ACCESS_LEVELS.map(
        (access) => decide(commandNamed(name), args, access, { catalogue, found: read, login: 'admin' }).kind,
      );
      expect([kinds[0], kinds[2]]).toEqual(['refuse', 'ask']);
      expect(kinds[1]).not.toBe('allow');
    }),
    RUNS,
  );
});

describe('the gate', () => {
  test('gives a permit for what is allowed, for what is asked only with a yes, and says else why not', () => {
    fc.assert(
      fc.property(anyCall, fc.constantFrom(...ACCESS_LEVELS), fc.boolean(), ({ command, args, stored }, access, isYes) => {
        fc.pre(command !== undefined);
        const { kind, effect } = decide(command, args, access, { catalogue, found: { action: stored } });
        const passed = permitOrCode(() =>
          passGate(command, args, { access, catalogue, found: { action: stored }, ...(isYes && { yes: { given: true } }) }),
        );
        if (kind === 'refuse') expect(passed).toBe('notAllowed');
        else if (kind === 'ask' && !isYes) expect(passed).toBe('notConfirmed');
        else if (passed instanceof Permit) {
          expect([passed.command === command, passed.args === args, passed.effect]).toEqual([true, true, effect]);
          expect([allows(access, passed.effect), passed.effect === 'destructive' && !isYes]).toEqual([true, false]);
        } else expect.unreachable(`${String(passed)} for what is decided as ${kind}`);
      }),
      RUNS,
    );
  });
});

function permitOrCode(pass: () => Permit): unknown {
  try {
    return pass();
  } catch (error) {
    return error instanceof MailStoreError ? error.code : error;
  }
}

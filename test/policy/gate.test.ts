import { describe, expect, test } from 'vitest';
import { isError, type MailStoreError } from '../../src/base/errors.ts';
import { passGate, Permit, permitRead } from '../../src/policy/gate.ts';
import { catalogue, commands } from '../helpers/server-catalogue.ts';
import { commandNamed, startClient } from '../helpers/start-client.ts';
import { start } from '../sandbox/client.ts';

const YES = { given: true } as const;

const DELETE_USER = { command: commandNamed('DeleteUser'), args: { userName: 'amira' } };
const RENAME_STORE = { command: commandNamed('RenameStore'), args: { id: 1, name: 'x' } };
const GET_USERS = { command: commandNamed('GetUsers'), args: {} };
const RUN_JOB = { command: commandNamed('RunJobAsync'), args: { id: 1 } };

/** Returns the message with which the gate refuses. */
function refusal(pass: () => unknown): string | undefined {
  try {
    pass();
    return undefined;
  } catch (error) {
    if (isError(error, 'notAllowed', 'notConfirmed')) return (error as MailStoreError).message;
    throw error;
  }
}

describe('the gate', () => {
  test('gives a permit for exactly the call that it let through', () => {
    const { command, args } = DELETE_USER;
    const permit = passGate(command, args, { access: 'full', yes: YES });
    expect(permit).toBeInstanceOf(Permit);
    expect([permit.command, permit.args, permit.effect]).toEqual([command, args, 'destructive']);
  });

  test('says what keeps a call from passing, and what an administrator can do about it', () => {
    const { command, args } = RENAME_STORE;
    expect([
      refusal(() => passGate(command, args, { access: 'read-only' })),
      refusal(() => passGate(DELETE_USER.command, DELETE_USER.args, { access: 'full' })),
    ]).toEqual([
      "rename_store is refused: with these arguments it is a write, and this server runs with MAILSTORE_ACCESS=read-only. To allow it, an administrator sets MAILSTORE_ACCESS=read-write in the server's configuration and restarts it.",
      "delete_user was not run: it needs a person's yes, and there is none.",
    ]);
  });

  test('lets no yes widen the access level', () => {
    const { command, args } = DELETE_USER;
    expect(refusal(() => passGate(command, args, { access: 'read-write', yes: YES }))).toContain('MAILSTORE_ACCESS=full');
    expect(refusal(() => passGate(RENAME_STORE.command, RENAME_STORE.args, { access: 'read-only', yes: YES }))).toContain(
      'MAILSTORE_ACCESS=read-write',
    );
  });

  test('takes nothing but a given yes for one', () => {
    const { command, args } = DELETE_USER;
    const others: readonly unknown[] = [undefined, null, {}, { given: false }, { given: undefined }];
    const codes = others.map((yes) => refusal(() => passGate(command, args, { access: 'full', yes: yes as typeof YES })));
    expect(codes).toEqual(others.map(() => "delete_user was not run: it needs a person's yes, and there is none."));
  });

  test('judges a call by what was read for it, and by the worst where nothing was', () => {
    const { command, args } = RUN_JOB;
    expect(passGate(command, args, { access: 'read-write', catalogue, found: { action: 'VerifyStores' } }).effect).toBe('write');
    expect(
      refusal(() => passGate(command, args, { access: 'read-write', catalogue, found: { action: 'CompactStore --id="2"' } })),
    ).toContain('it is destructive');
    expect(refusal(() => passGate(command, args, { access: 'read-write' }))).toContain('it is destructive');
  });
});

describe('a permit', () => {
  test('cannot be made by anybody else', () => {
    const { command, args } = DELETE_USER;
    const forged: readonly unknown[] = [undefined, null, true, Symbol('passed'), Symbol.for('passed')];
    for (const passed of forged) {
      expect(() => new Permit(command, args, { effect: 'destructive', risks: [] }, passed as never)).toThrow(
        'only the gate hands out permits',
      );
    }
  });

  test('is what the client wants to see before it sends anything', async () => {
    const sandbox = await start();
    const { client } = startClient(sandbox);
    const { command, args } = DELETE_USER;
    const lookalike = { command, args, effect: 'destructive' } as const;
    // @ts-expect-error: an object of the same fields is no permit.
    await expect(client.prepare(lookalike)).rejects.toThrow('only the gate hands out permits');
    await expect(client.prepare(Object.create(Permit.prototype) as Permit)).rejects.toThrow('only the gate hands out permits');
    expect(sandbox.requests).toEqual([]);
  });
});

describe('a read that the server makes on its own', () => {
  test('passes without a person, and nothing else does', () => {
    const permitted = commands
      .filter(({ examples, name }) => !refusal(() => permitRead(commandNamed(name), examples[0])))
      .map(({ name }) => name);
    expect(permitted.filter((name) => !/^(?:Get|Verify)/.test(name))).toEqual(['SyncUsersWithDirectoryServices']);
    expect(permitRead(GET_USERS.command, GET_USERS.args).effect).toBe('read');
    expect(refusal(() => permitRead(commandNamed('SyncUsersWithDirectoryServices'), { dryRun: false }))).toContain('it is destructive');
  });

  test('reaches MailStore, and a call that is none does not', async () => {
    const sandbox = await start();
    const { client } = startClient(sandbox);
    expect(await client.read(commandNamed('GetUserInfo'), { userName: 'johndoe' })).toMatchObject({ value: { fullName: 'John Doe' } });
    const before = sandbox.requests.length;
    await expect(client.read(DELETE_USER.command, DELETE_USER.args)).rejects.toMatchObject({ code: 'notAllowed' });
    await expect(client.read(RENAME_STORE.command, RENAME_STORE.args)).rejects.toMatchObject({ code: 'notAllowed' });
    expect(sandbox.requests.length).toBe(before);
  });

  test('is not waited for when it runs long', async () => {
    const { client } = startClient(await start());
    await expect(client.read(commandNamed('VerifyStore'), { id: 3, includeIndexes: false })).rejects.toMatchObject({
      code: 'readRunsLong',
    });
  });
});
